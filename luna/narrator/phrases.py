"""The phrase packs: keys, optional conditions, one variant per line. Packs are data, never code.

    == act.look ? tension>=6 and indoors
    {you} {take} the measure of {place}. {fact}

A condition is names, comparisons with a constant, `and`, `not`: nothing else is understood. Every *.txt file of
a language's folder is read; `tone_NAME.txt` holds for that tone alone, unless its conditions say otherwise.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from luna.kernel.errors import BadInput
from luna.kernel.values import digest
from luna.narrator.agency import decided
from luna.narrator.voice import ACTS_LIKE, KIN

Fact = str | int | bool
TONES = {
    "fairy": "fairytale",
    "fairy tale": "fairytale",
    "fairy-tale": "fairytale",
    "sci-fi": "scifi",
    "science fiction": "scifi",
    "cozy": "cosy",
    "romance": "cosy",
    "horror": "gothic",
    "fantasy": "adventure",
}
"""Other names of tones."""
COMPARISONS: dict[str, Callable[[Fact, Fact], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": lambda a, b: int(a) < int(b),
    "<=": lambda a, b: int(a) <= int(b),
    ">": lambda a, b: int(a) > int(b),
    ">=": lambda a, b: int(a) >= int(b),
}
_TERM = re.compile(r"^(not\s+)?(\w+)(?:\s*(==|!=|<=|>=|<|>)\s*(?:\"([^\"]*)\"|(-?\d+)|([a-z]\w*)))?$")


@dataclass(frozen=True)
class Phrase:
    """One variant: its text with slots, its condition, and a short name for the record of use."""

    text: str
    condition: str
    mark: str

    @property
    def opening(self) -> str:
        """The first word, by which echoing sentence openings are avoided."""
        return self.text.split(" ", 1)[0].lower()

    def slots(self) -> frozenset[str]:
        """The names in braces, without modifiers and attributes."""
        return _slots(self.text)


@lru_cache(4000)
def _slots(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w+)", text))


def holds(condition: str, facts: Mapping[str, Fact]) -> bool:
    """Whether a condition is true of these facts. Unknown names are false; a bad condition is BadInput."""
    if not condition:
        return True
    for term in condition.split(" and "):
        match = _TERM.match(term.strip())
        if match is None:
            raise BadInput(
                f"A condition is not understood: {condition!r}.", "Use: name op constant, and, not."
            )
        negated, name, comparison, quoted, number, bare = match.groups()
        value = facts.get(name, False)
        if comparison:
            text = quoted if quoted is not None else bare
            constant: Fact = int(number) if number else TONES.get(text, text) if name == "tone" else text
            result = COMPARISONS[comparison](value, constant)
        else:
            result = bool(value)
        if result == bool(negated):
            return False
    return True


def parse_pack(text: str) -> dict[str, list[Phrase]]:
    """A pack's text as key → variants. Lines before the first key, empty lines and comments are skipped."""
    bank: dict[str, list[Phrase]] = {}
    key = condition = ""
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("# "):
            continue
        if line.startswith("== "):
            key, _, condition = (part.strip() for part in line[3:].partition(" ? "))
        elif key:
            bank.setdefault(key, []).append(Phrase(line, condition, digest(key, line)[:6]))
    return bank


def tone_named(name: str) -> str:
    """A tone by the name the packs know it under."""
    low = " ".join(name.lower().replace("_", " ").split())
    return TONES.get(low, low)


@lru_cache(4)
def phrases(language: str = "en") -> dict[str, list[Phrase]]:
    """All packs of a language by name, later ones adding to the keys of earlier ones. No line stands twice."""
    bank: dict[str, dict[str, Phrase]] = {}
    folder = files("luna.narrator").joinpath("packs", language)
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".txt"):
            continue
        kind, _, name = entry.name[:-4].partition("_")
        for key, variants in parse_pack(entry.read_text(encoding="utf-8")).items():
            for phrase in variants:
                if decided(phrase.text, key):
                    continue
                bank.setdefault(key, {}).setdefault(phrase.text, layered(phrase, kind, name))
    return {key: list(variants.values()) for key, variants in bank.items()}


def layered(phrase: Phrase, kind: str, name: str) -> Phrase:
    """A variant of a tone's or a genre's own file: it holds for that one alone."""
    if kind not in ("tone", "genre") or not name or re.search(rf"\b{kind}\b", phrase.condition):
        return phrase
    only = f'{kind} == "{tone_named(name)}"'
    return Phrase(phrase.text, f"{phrase.condition} and {only}" if phrase.condition else only, phrase.mark)


def variants_of(key: str, own: Mapping[str, list[Phrase]] | None = None) -> list[Phrase]:
    """The variants of a key, or of the nearest key above it ("a.b.c", "a.b", "a"), a world's own among them.

    A key of the world's that ends with "!" takes the place of the packs'.
    """
    bank, own = phrases(), own or {}
    while True:
        if f"{key}!" in own:
            return own[f"{key}!"]
        found = own.get(key, []) + bank.get(key, [])
        if found or "." not in key:
            return found
        key = key.rsplit(".", 1)[0]


def world_phrases(listed: Mapping[str, tuple[str, ...]]) -> dict[str, list[Phrase]]:
    """A world's own variants: key, perhaps with a condition, to lines."""
    bank: dict[str, list[Phrase]] = {}
    for head, lines in listed.items():
        text = "\n".join((f"== {head}", *(" ".join(line.split()) for line in lines)))
        for key, variants in parse_pack(text).items():
            bank.setdefault(key, []).extend(v for v in variants if not decided(v.text, key))
    return bank


def lines_for(act: str, register: str) -> list[Phrase]:
    """The lines of a speech act in a register, or of the nearest act or register that has some."""
    bank = phrases()
    for voice in (register, KIN.get(register, "curt"), "curt"):
        for name in (act, *ACTS_LIKE.get(act, ())):
            found = bank.get(f"voice.{name}.{voice}", []) + bank.get(f"{name}.{voice}", [])
            if found:
                return found
    return []
