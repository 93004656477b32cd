"""The phrase packs: keys, optional conditions, one variant per line. Packs are data, never code.

    == act.look ? tension>=6 and indoors
    {you} {take} the measure of {place}. {fact}

A condition is names, comparisons with a constant, `and`, `not`: nothing else is understood.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from luna.kernel.errors import BadInput
from luna.kernel.values import digest

Fact = str | int | bool
PACKS = ("craft", "more", "voices", "business", "tone")
COMPARISONS: dict[str, Callable[[Fact, Fact], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": lambda a, b: int(a) < int(b),
    "<=": lambda a, b: int(a) <= int(b),
    ">": lambda a, b: int(a) > int(b),
    ">=": lambda a, b: int(a) >= int(b),
}
_TERM = re.compile(r"^(not\s+)?(\w+)(?:\s*(==|!=|<=|>=|<|>)\s*(?:\"([^\"]*)\"|(-?\d+)))?$")


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
        negated, name, comparison, text, number = match.groups()
        value = facts.get(name, False)
        if comparison:
            constant: Fact = text if text is not None else int(number)
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


@lru_cache(4)
def phrases(language: str = "en") -> dict[str, list[Phrase]]:
    """All packs of a language, later ones adding to the keys of earlier ones."""
    bank: dict[str, list[Phrase]] = {}
    folder = files("luna.narrator").joinpath("packs", language)
    for name in PACKS:
        for key, variants in parse_pack(folder.joinpath(f"{name}.txt").read_text(encoding="utf-8")).items():
            bank.setdefault(key, []).extend(variants)
    return bank


def variants_of(key: str) -> list[Phrase]:
    """The variants of a key, or of the nearest key above it ("a.b.c", "a.b", "a")."""
    bank = phrases()
    while key not in bank and "." in key:
        key = key.rsplit(".", 1)[0]
    return bank.get(key, [])
