"""How people speak: the registers, which of them somebody has, and a plain sentence in their own mouth.

The lines of a speech act stand in the packs under `ACT.REGISTER` or `voice.ACT.REGISTER`, in any file.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from luna.kernel.values import digest
from luna.narrator.grammar import capital, inflect, sentences, verb_lemma, words_of
from luna.narrator.lexicon import REGISTERS
from luna.narrator.realiser import PRONOUNS

if TYPE_CHECKING:
    from luna.narrator.index import Person

LONGEST = 40
ACTS = (
    "greet", "farewell", "reply", "agree", "refuse", "deflect", "unknown", "insulted", "threatened", "thanked",
    "apology", "comforted", "puzzled", "offer", "warn", "remember", "idle", "asked_again", "tell", "refer", "gift",
    "noted", "vandal", "like", "dislike", "neutral",
)  # fmt: skip
"""The speech acts. `tell` carries {line}; `refer`, `like`, `dislike` and `neutral` carry {who}; all may carry {a}, the
word somebody calls people by."""
ACTS_LIKE = {
    "unknown": ("deflect",), "asked_again": ("repeat",), "repeat": ("asked_again",), "apology": ("reply",),
    "comforted": ("thanked",), "farewell": ("reply",), "offer": ("idle",), "warn": ("idle",), "remember": ("idle",),
}  # fmt: skip
"""What an act falls back to where a register has no lines for it."""
KIN = {
    "warm": "pious", "curt": "gruff", "formal": "learned", "quick": "boastful", "wry": "sly", "weary": "wry",
    "pious": "formal", "learned": "formal", "boastful": "quick", "timid": "warm", "sly": "wry", "gruff": "curt",
}  # fmt: skip
"""The register next to each: what is mixed in where nothing else is known, and where the lines come from when it
has none."""


def registers_of(nature: str, whole: str, samples: Iterable[str]) -> tuple[str, str]:
    """The two registers of somebody: by the words of their card, and by how their samples are said."""
    named, about = set(words_of(nature)), set(words_of(whole))
    score = {
        register: sum(3 * (word in named) + (word in about and word not in named) for word in listed.split())
        for register, listed in REGISTERS.items()
    }
    for register, more in _heard(list(samples)).items():
        score[register] += more
    order = sorted(score, key=lambda r: (-score[r], digest(whole, r)))
    first, second = order[:2]
    if not score[first]:
        first = ("curt", "wry", "warm", "gruff", "formal")[int(digest(whole)[:4], 16) % 5]
        second = KIN[first]
    return first, second if score[second] else KIN[first]


def _heard(samples: list[str]) -> dict[str, int]:
    """What samples of speech are evidence for."""
    spoken = " ".join(samples)
    lengths = [len(s.split()) for s in sentences(spoken)]
    if not lengths:
        return {}
    mean = sum(lengths) / len(lengths)
    marks = spoken.count("!") / len(lengths)
    return {
        "curt": 3 * (mean < 4) + (mean < 6),
        "formal": 2 * (not re.search(r"['’](?:s|re|ll|t|m|ve|d)\b", spoken)),
        "quick": 2 * (marks > 0.3),
        "timid": 2 * (spoken.count("…") + spoken.count("...") > len(samples) / 2),
        "pious": 2 * bool(re.search(r"\b(bless|saints?|pray|lord|heaven|god)\b", spoken.lower())),
        "learned": mean > 16,
    }


def in_own_words(text: str, person: "Person") -> str:
    """ "The doctor signed it for his sake" said by the doctor: "I signed it for my sake"."""
    subject, object_, possessive, _, reflexive, _ = PRONOUNS[person.pronouns]
    aliases = [person.full, person.name]
    aliases += [f"the {name}" for name in person.names if name in words_of(person.role)]
    changed = text
    for name in dict.fromkeys(aliases):
        if name:
            changed = re.sub(rf"(?<!\w){re.escape(name)}['’]s(?!\w)", "my", changed, flags=re.I)
            changed = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "I", changed, flags=re.I)
    named = changed != text
    if named and re.search(r"\b(child|girl|boy|woman|man)\b", changed):
        return capital(_agree(changed))
    if person.pronouns != "it":
        changed = re.sub(rf"\b{reflexive}\b", "myself", changed, flags=re.I)
        changed = re.sub(rf"\b{subject}\b", "I", changed, flags=re.I)
        if possessive == object_:
            changed = re.sub(
                rf"\b{possessive}(?= [a-z])(?! (?:to|and|in|on|at|by|with|from|for|as|when|if)\b)",
                "my",
                changed,
                flags=re.I,
            )
        else:
            changed = re.sub(rf"\b{possessive}\b", "my", changed, flags=re.I)
        changed = re.sub(rf"\b{object_}\b", "me", changed, flags=re.I)
    return capital(_agree(changed))


def _agree(text: str) -> str:
    """Verbs after "I"."""

    def mend(match: re.Match[str]) -> str:
        adverb, verb = match[1] or "", match[2]
        special = {
            "is": "am",
            "has": "have",
            "does": "do",
            "isn't": "am not",
            "doesn't": "don't",
            "are": "am",
            "were": "was",
        }
        if verb in special:
            return f"I {adverb}{special[verb]}"
        lemma = verb_lemma(verb)
        if lemma and lemma != verb and inflect(lemma, "VBZ") == verb:
            return f"I {adverb}{lemma}"
        return match[0]

    return re.sub(
        r"\bI ((?:always|never|often|also|still|only|usually|rarely|seldom|now) )?([a-z']+)", mend, text
    )


def worth_saying(line: str) -> bool:
    """Whether a line made from card text can be said by somebody without sounding like a card."""
    count = len(words_of(line))
    return (
        3 <= count <= LONGEST
        and line.rstrip('”"').endswith((".", "!", "?"))
        and not re.search(r"[\[\]{}<>|*:=]", line)
    )
