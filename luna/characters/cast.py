"""What a card means to a story: somebody of the cast, a premise, an opening, and lore.

Pure. The card stays as it is; here its texts are made readable: macros become names, markup goes away.
"""

import re
from typing import Literal

from luna.characters.types import Card, CastMember
from luna.kernel.errors import Diagnostic, Severity
from luna.turns.world import Character
from luna.worlds.macros import resolve
from luna.worlds.names import slug
from luna.worlds.world_info import to_lore

Pronouns = Literal["he", "she", "they", "it"]

LONGEST_TEXT = 20_000
LONGEST_SAMPLE = 600
MOST_SAMPLES = 24

HE = re.compile(r"\b(?:he|him|his|himself|man|boy|male|king|lord|father|brother)\b", re.IGNORECASE)
SHE = re.compile(r"\b(?:she|her|hers|herself|woman|girl|female|queen|lady|mother|sister)\b", re.IGNORECASE)
SAID = re.compile(r"\b(?:pronouns?|gender|sex)\b\W{1,8}(\w+)", re.IGNORECASE)
SAID_WORDS: dict[str, Pronouns] = {
    **dict.fromkeys(("he", "him", "male", "man", "boy", "masculine"), "he"),
    **dict.fromkeys(("she", "her", "female", "woman", "girl", "feminine"), "she"),
    **dict.fromkeys(("they", "them", "nonbinary", "non", "agender", "genderless"), "they"),
    "it": "it",
}
TITLES = re.compile(
    r"captain|lady|lord|sir|dame|dr|doctor|miss|mrs|mr|ms|queen|king|prince|princess|professor|master|mistress"
    r"|father|mother|brother|sister|saint|general|colonel|major|sergeant|inspector|detective|baron|baroness"
    r"|count|countess|duke|duchess|the|old",
    re.IGNORECASE,
)
SPEAKER = re.compile(r"^\s*(?P<who>[^:\n]{1,60}):\s*(?P<text>.*)$")


def to_character(card: Card, *, player: str = "you") -> CastMember:
    """The card's person, premise, opening and lore. `player` is what {{user}} stands for."""
    full = " ".join(card.name.split())
    pronouns = guess_pronouns(card)
    name = card.nickname or short_name(full, pronouns)
    removed: dict[str, None] = {}

    def told(text: str, limit: int = LONGEST_TEXT) -> str:
        outcome = resolve(text, char=name, user=player)
        removed.update(dict.fromkeys(outcome.removed))
        return plain_prose(outcome.text)[:limit].strip()

    character = Character(
        id=slug(name, "character"),
        name=name,
        full_name=full if full != name else "",
        aliases=_aliases(full, name),
        pronouns=pronouns,
        description=told(card.description),
        personality=told(card.personality),
        samples=tuple(filter(None, (told(s, LONGEST_SAMPLE) for s in speech(card, name)))),
    )
    # The scenario is the premise; a card without one says in the notes what it is about only to its user.
    premise, opening = told(card.scenario), told(card.first_mes)
    lore = to_lore(card.book, f"{character.id}.book", char=name, user=player) if card.book else ()
    return CastMember(
        character=character, premise=premise, opening=opening, lore=lore, report=_report(list(removed))
    )


def guess_pronouns(card: Card) -> Pronouns:
    """The pronouns a card uses for its person: what it says outright, else what it says most, else they."""
    about = f"{card.description}\n{card.personality}"
    said = SAID.search(about)
    if said and said[1].lower() in SAID_WORDS:
        return SAID_WORDS[said[1].lower()]
    for text in (about, f"{card.scenario}\n{card.first_mes}"):
        he, she = len(HE.findall(text)), len(SHE.findall(text))
        if he != she:
            return "he" if he > she else "she"
    return "they"


def short_name(full: str, pronouns: Pronouns) -> str:
    """What to call somebody in passing: "Mara" for "Captain Mara Voss". Only for names that look like a
    person's, and only where the card speaks of a he or a she: many cards are named after a whole scenario."""
    words = full.split()
    plain = [word.strip(",.\"'“”") for word in words]
    person = pronouns in ("he", "she") and 2 <= len(words) <= 4
    if not person or not all(
        word[:1].isupper() and word.replace("'", "").isalpha() for word in plain if word
    ):
        return full
    names = [word for word in plain if word and not TITLES.fullmatch(word)]
    if not names or plain[0].lower() == "the":
        return full
    return names[0]


def speech(card: Card, name: str) -> list[str]:
    """How the person speaks: their own lines from the example dialogue, without the speaker's name."""
    own = {"{{char}}", "<bot>", "<char>", name.lower(), card.name.lower()}
    samples: list[str] = []
    for block in re.split(r"<START>", card.mes_example, flags=re.IGNORECASE):
        speaking, named = False, False
        lines: list[str] = []
        for line in block.splitlines():
            match = SPEAKER.match(line)
            who = match["who"].strip().strip("*").lower() if match else ""
            if match and (who in own or who in ("{{user}}", "<user>", "you", "user")):
                samples += _joined(lines)
                speaking, named = who in own, True
                lines = [match["text"]] if speaking else []
            elif speaking:
                lines.append(line)
        samples += _joined(lines)
        if not named:
            samples += _joined([block])
    return samples[:MOST_SAMPLES]


def plain_prose(text: str) -> str:
    """A text without the markup of chat programs: emphasis, pictures, tags, rules, code fences."""
    text = re.sub(r"!\[[^\]\n]{0,200}\]\([^)\n]{0,2000}\)", "", text)
    text = re.sub(r"\[([^\]\n]{1,200})\]\(https?://[^)\s]{1,2000}\)", r"\1", text)
    text = re.sub(r"</?[a-zA-Z][^<>\n]{0,300}>", "", text)
    text = re.sub(r"^[ \t]*(?:#{1,6}[ \t]+|[-*_]{3,}[ \t]*$|```.*$|>[ \t]?)", "", text, flags=re.MULTILINE)
    text = re.sub(r"\*{1,3}", "", text)
    text = re.sub(r"[ \t]+$", "", text.replace("\r\n", "\n").replace("\r", "\n"), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _joined(lines: list[str]) -> list[str]:
    text = "\n".join(lines).strip()
    return [text] if text else []


def _aliases(full: str, name: str) -> tuple[str, ...]:
    """Other ways to name somebody: the full name and its single names, but no titles and small words."""
    words = [word.strip(",.\"'“”()") for word in full.split()]
    parts = [w for w in words if len(w) > 2 and w[:1].isupper() and not TITLES.fullmatch(w)]
    others = [full, *parts] if len(words) <= 5 else [full]
    return tuple(other for other in dict.fromkeys(others) if other and other != name)


def _report(removed: list[str]) -> tuple[Diagnostic, ...]:
    if not removed:
        return ()
    names = ", ".join(f"{{{{{name}}}}}" for name in removed[:20])
    return (
        Diagnostic(
            code="macros-removed",
            severity=Severity.info,
            where="texts",
            message=f"These macros mean nothing in a story and were left out of its texts: {names}.",
            fix="The card itself keeps them. Rewrite the text if something is missing.",
        ),
    )
