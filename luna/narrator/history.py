"""What was said lately: which phrases, sentences and openings, in a ring of turns inside the notes.

Each turn writes one key and takes away the one that falls out of the ring, so the bookkeeping stays the same
size however long the story gets.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from luna.kernel.values import digest
from luna.narrator.grammar import sentences

RING = 150
"""Turns remembered."""
LONG_SENTENCE = 5
"""Only sentences of more words count as said; "It is a short walk." may come again."""


def mark_of(sentence: str) -> str:
    """A short name for a sentence."""
    return digest(sentence)[:6]


class History:
    """What the last turns used, and what this one uses."""

    def __init__(self, notes: Mapping[str, Any], number: int) -> None:
        self.number = number
        self.uses: Counter[str] = Counter()
        self.last: dict[str, int] = {}
        self.said: set[str] = set()
        self.openings: list[str] = []
        self.phrases: list[str] = []
        self.new_openings: list[str] = []
        self.new_said: list[str] = []
        self.senses: dict[str, int] = {}
        self._notes = notes
        for turn in range(max(0, number - RING), number):
            kept: Mapping[str, Any] = notes.get(f"t:{turn}") or {}
            for mark in kept.get("p", ()):
                self.uses[mark] += 1
                self.last[mark] = turn
            self.said.update(kept.get("s", ()))
            self.openings.extend(kept.get("o", ()))

    def used(self, mark: str, opening: str = "") -> None:
        """A phrase is used now."""
        self.uses[mark] += 1
        self.last[mark] = self.number
        self.phrases.append(mark)
        if opening:
            self.openings.append(opening)
            self.new_openings.append(opening)

    def wear(self, mark: str) -> int:
        """How often a phrase was used within the ring."""
        return self.uses[mark]

    def score(self, mark: str, opening: str) -> float:
        """How worn a phrase is: the more, the worse."""
        recent = 6 if self.number - self.last.get(mark, -99) < 8 else 0
        echo = 1.5 * self.openings[-3:].count(opening) + 0.6 * self.openings[-8:].count(opening)
        return 4 * self.uses[mark] + recent + echo

    def fresh(self, text: str) -> bool:
        """Whether no longer sentence of a text was said lately."""
        return not any(self.stale(s) for s in sentences(text))

    def stale(self, sentence: str) -> bool:
        """Whether a sentence of some length was said lately."""
        return len(sentence.split()) > LONG_SENTENCE and mark_of(sentence) in self.said

    def spoken(self, text: str) -> None:
        """A paragraph is told now."""
        for sentence in sentences(text):
            if len(sentence.split()) > LONG_SENTENCE:
                mark = mark_of(sentence)
                self.said.add(mark)
                self.new_said.append(mark)

    def sense_told(self, place: str, number: int) -> bool:
        """Whether a sense of a place was told."""
        bits = self.senses.get(place, int(self._notes.get(f"sense:{place}", 0)))
        return bool(bits >> number & 1)

    def tell_sense(self, place: str, number: int) -> None:
        """A sense of a place is told now."""
        bits = self.senses.get(place, int(self._notes.get(f"sense:{place}", 0)))
        self.senses[place] = bits | 1 << number

    def notes(self) -> dict[str, Any]:
        """What to note at the end of the turn."""
        kept = {"p": self.phrases[:30], "s": self.new_said[:30], "o": self.new_openings[-8:]}
        noted: dict[str, Any] = {f"t:{self.number}": kept}
        if f"t:{self.number - RING}" in self._notes:
            noted[f"t:{self.number - RING}"] = None
        noted.update({f"sense:{place}": bits for place, bits in self.senses.items()})
        return noted
