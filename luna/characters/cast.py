"""What a card means to a story: somebody of the cast, a premise, an opening, and lore.

Pure. The card stays as it is; here its texts are made readable: macros become names, markup goes away.
"""

import re
from typing import Literal

from luna.characters.types import Card, CastMember
from luna.kernel.errors import Diagnostic, Severity
from luna.turns.world import Character
from luna.worlds.macros import resolve
from luna.worlds.markup import plain_prose
from luna.worlds.names import slug
from luna.worlds.world_info import to_lore

Pronouns = Literal["he", "she", "they", "it"]

LONGEST_TEXT = 20_000
READ_AT_MOST = 2 * LONGEST_TEXT
"""No more of a text is looked at: a card may be megabytes, and nobody is told that much."""

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
        outcome = resolve(text[:READ_AT_MOST], char=name, user=player)
        removed.update(dict.fromkeys(outcome.removed))
        return plain_prose(outcome.text)[:limit].strip()

    character = Character(
        id=slug(name, "character"),
        name=name,
        full_name=full if full != name else "",
        aliases=_aliases(full, name),
        pronouns=pronouns,
        description=told(dialogue(card.description, card, name)[0]),
        personality=told(card.personality),
        samples=tuple(filter(None, (told(s, LONGEST_SAMPLE) for s in speech(card, name)))),
    )
    premise, opening = told(card.scenario or _scenario_within(card.description)), told(card.first_mes)
    lore = to_lore(card.book, f"{character.id}.book", char=name, user=player) if card.book else ()
    return CastMember(
        character=character, premise=premise, opening=opening, lore=lore, report=_report(list(removed))
    )


def guess_pronouns(card: Card) -> Pronouns:
    """The pronouns a card uses for its person: what it says outright, else what it says most, else they."""
    about = f"{card.description[:READ_AT_MOST]}\n{card.personality[:READ_AT_MOST]}"
    said = SAID.search(about)
    if said and said[1].lower() in SAID_WORDS:
        return SAID_WORDS[said[1].lower()]
    for text in (about, f"{card.scenario[:READ_AT_MOST]}\n{card.first_mes[:READ_AT_MOST]}"):
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
    """How the person speaks: their own lines from the example dialogue, and from a description that is
    written as an interview, without the speaker's name."""
    samples: list[str] = []
    for block in re.split(r"<START>", card.mes_example[:READ_AT_MOST], flags=re.IGNORECASE):
        _, own, spoken = dialogue(block, card, name)
        samples += own if spoken else _joined([block])
    samples += dialogue(card.description, card, name)[1]
    return samples[:MOST_SAMPLES]


def dialogue(text: str, card: Card, name: str) -> tuple[str, list[str], bool]:
    """Part a text into what is no dialogue, the person's own speeches, and whether anybody spoke at all.

    A speech ends at the next speaker, an empty line, or a line in brackets.
    """
    own = {"{{char}}", "<bot>", "<char>", name.lower(), card.name.lower()}
    others = {"{{user}}", "<user>", "you", "user"}
    rest: list[str] = []
    speeches: list[list[str]] = []
    speaker = ""
    anybody = False
    for line in text[:READ_AT_MOST].splitlines():
        match = SPEAKER.match(line)
        who = match["who"].strip(" *").lower() if match else ""
        if match and who in own | others:
            speaker, anybody = ("own" if who in own else "other"), True
            if speaker == "own":
                speeches.append([match["text"]])
        elif not line.strip() or line.lstrip().startswith("["):
            speaker = ""
            rest.append(line)
        elif speaker == "own":
            speeches[-1].append(line)
        elif not speaker:
            rest.append(line)
    return "\n".join(rest), ["\n".join(lines).strip() for lines in speeches], anybody


def _scenario_within(description: str) -> str:
    """The scenario that some cards write into a bracket of their description."""
    match = re.search(
        r"\[[^\]]{0,500}?\bscenario\s*[:=]\s*([^\]]{1,2000})\]", description[:READ_AT_MOST], re.IGNORECASE
    )
    return match[1].strip(' "') if match else ""


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
