"""Counting tokens offline, without any vocabulary, and learning from what providers report.

The counter splits a text as tokenizers do first (words, numbers, marks, line breaks) and knows how many tokens
a piece of some length becomes on average. The averages were fitted to English prose under real vocabularies
of two kinds: large ones (100,000 entries and more: GPT-4, GPT-4o, Llama 3) and small ones (32,000: Llama 2,
Mistral). On prose they are within a few per cent; a model whose name tells nothing is taken in the middle.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from luna.llm.types import ChatRequest

LOWEST, HIGHEST = 0.5, 3.0
FEWEST_TO_LEARN = 40
"""Shorter prompts say more about the chat template than about the tokenizer."""

Kind = Literal["large", "small", "middle"]


@dataclass(frozen=True)
class _Averages:
    """Tokens per piece. `words` by length: up to 4 letters, 6, 7, 8, 9, 10, 12, more. `capital` is added per
    letter beyond the third of a capitalised word; `capitals` counts per letter of a word in capitals."""

    words: tuple[float, ...]
    capital: float
    capitals: float
    digits: float  # per three digits
    newline: float
    space: float  # per run of further spaces
    byte: float  # per byte of a word with letters beyond ASCII
    foreign_mark: float
    mark: float

    def word(self, letters: int) -> float:
        """Tokens of a plain word of so many letters."""
        for place, longest in enumerate((4, 6, 7, 8, 9, 10, 12)):
            if letters <= longest:
                return self.words[place]
        return self.words[7] + max(0, letters - 24) * 0.3


_LARGE = _Averages(
    (0.94, 1.19, 1.28, 1.38, 1.08, 0.95, 1.34, 2.01), 0.15, 0.31, 1.2, 0.4, 1.0, 0.36, 2.0, 0.65
)
_SMALL = _Averages((0.99, 1.21, 1.43, 1.44, 1.35, 1.32, 1.6, 2.52), 0.2, 0.48, 2.4, 1.4, 0.7, 0.62, 2.0, 0.88)
_SMALL_NAMES = re.compile(
    r"llama-?_?2\b|llama2|codellama|\bmistral(?!-?(?:nemo|small-3|large-2|medium))|mixtral|vicuna|tinyllama"
    r"|zephyr|openhermes|phi-?3(?!-small)|solar|\byi-|claude",
    re.IGNORECASE,
)
_LARGE_NAMES = re.compile(
    r"gpt|\bo[134]\b|llama-?3|llama-?4|qwen|gemma|gemini|nemo|deepseek|phi-?4|command|glm|granite|olmo",
    re.IGNORECASE,
)
_PIECE = re.compile(r"[^\W\d_]+|\d+|\n+|[^\S\n]{2,}|[^\w\s]|_")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)")


def vocabulary_kind(model: str) -> Kind:
    """Which kind of vocabulary a model has, as far as its name tells."""
    if _LARGE_NAMES.search(model):
        return "large"
    return "small" if _SMALL_NAMES.search(model) else "middle"


def count_tokens(text: str, model: str = "") -> int:
    """About how many tokens a text is. `model` is a name that may tell the kind of its vocabulary."""
    if not text:
        return 0
    kind = vocabulary_kind(model) if model else "middle"
    pieces = _PIECE.findall(text)
    if kind == "middle":
        total = (_sum(pieces, _LARGE) + _sum(pieces, _SMALL)) / 2
    else:
        total = _sum(pieces, _LARGE if kind == "large" else _SMALL)
    return max(1, round(total))


def _sum(pieces: list[str], averages: _Averages) -> float:
    known: dict[str, float] = {}
    total = 0.0
    for piece in pieces:
        tokens = known.get(piece)
        if tokens is None:
            tokens = known[piece] = _tokens(piece, averages)
        total += tokens
    return total


def _tokens(piece: str, averages: _Averages) -> float:
    """How many tokens one piece becomes on average."""
    first, size = piece[0], len(piece)
    if first.isalpha():
        if not piece.isascii():
            return max(1.0, len(piece.encode("utf-8", "surrogatepass")) * averages.byte)
        if size > 1 and piece.isupper():
            return max(1.0, size * averages.capitals)
        return averages.word(size) + (max(0, size - 3) * averages.capital if first.isupper() else 0.0)
    if first.isdigit():
        return -(-size // 3) * averages.digits
    if first == "\n":
        return averages.newline
    if first.isspace():
        return averages.space
    return averages.mark if piece.isascii() else averages.foreign_mark


def truncate_to_tokens(text: str, tokens: int, model: str = "") -> str:
    """The beginning of a text that is at most so many tokens: whole sentences where the cut leaves at least
    half of what fits, else whole words, and parts of a word only when there is nothing else."""
    if tokens <= 0:
        return ""
    if count_tokens(text, model) <= tokens:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if count_tokens(text[:middle], model) <= tokens:
            low = middle
        else:
            high = middle - 1
    fits = text[:low]
    ends = [match.end() for match in _SENTENCE_END.finditer(fits)]
    if ends and ends[-1] >= low // 2:
        return fits[: ends[-1]]
    if low < len(text) and not text[low].isspace():
        words = fits.rsplit(None, 1)
        fits = words[0] if len(words) > 1 else fits
    return fits.rstrip()


@dataclass(frozen=True)
class Calibration:
    """How a model's own counts compare to the offline ones: `factor` times as many, after `samples` calls."""

    factor: float = 1.0
    samples: int = 0
    model: str = ""

    def count(self, text: str) -> int:
        """Tokens of a text, corrected."""
        return round(count_tokens(text, self.model) * self.factor)

    def truncate(self, text: str, tokens: int) -> str:
        """The beginning of a text that is at most so many tokens, corrected. See `truncate_to_tokens`."""
        return truncate_to_tokens(text, int(tokens / self.factor), self.model)

    def after(self, counted: int, reported: int) -> "Calibration":
        """What is known after one more call whose prompt was counted here (uncorrected) and reported there.

        The first calls weigh most; later ones move the factor slowly, so that one odd prompt does little.
        """
        if counted < FEWEST_TO_LEARN or reported <= 0:
            return self
        seen = min(max(reported / counted, LOWEST), HIGHEST)
        weight = max(1 / (self.samples + 1), 0.15)
        factor = self.factor + weight * (seen - self.factor)
        return Calibration(min(max(factor, LOWEST), HIGHEST), self.samples + 1, self.model)


def message_overhead(request: "ChatRequest") -> int:
    """Tokens that a chat template adds around the texts of a request, about."""
    return 3 + 4 * (len(request.messages) + (1 if any(request.system) else 0))
