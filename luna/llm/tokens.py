"""Counting tokens offline, without any vocabulary, and learning from what providers report."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from luna.llm.types import ChatRequest

LOWEST, HIGHEST = 0.5, 3.0
FEWEST_TO_LEARN = 40
"""Shorter prompts say more about the chat template than about the tokenizer."""


@dataclass(frozen=True)
class Calibration:
    """How a model's own counts compare to the offline ones: `factor` times as many, after `samples` calls."""

    factor: float = 1.0
    samples: int = 0

    def after(self, counted: int, reported: int) -> "Calibration":
        """What is known after one more call whose prompt was counted here and reported there.

        The first calls weigh most; later ones move the factor slowly, so that one odd prompt does little.
        """
        if counted < FEWEST_TO_LEARN or reported <= 0:
            return self
        seen = min(max(reported / counted, LOWEST), HIGHEST)
        weight = max(1 / (self.samples + 1), 0.15)
        factor = self.factor + weight * (seen - self.factor)
        return Calibration(min(max(factor, LOWEST), HIGHEST), self.samples + 1)

    def count(self, text: str) -> int:
        """Tokens of a text, corrected."""
        return round(count_tokens(text) * self.factor)


def count_tokens(text: str, model: str = "") -> int:
    """About how many tokens a text is."""
    return max(1, len(text) // 4) if text else 0


def message_overhead(request: "ChatRequest") -> int:
    """Tokens that a chat template adds around the texts of a request, about."""
    return 3 + 4 * (len(request.messages) + (1 if any(request.system) else 0))
