"""Which lore a passage of text calls up, within a budget, and why.

Keys match as plain text (any case, inside words unless the entry says whole words) or, written between
slashes, as a pattern. Secondary keys then decide by one of four logics. What is always told comes first, then
by falling order; what does not fit the budget is left out, and a smaller one after it may still fit.
"""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from luna.kernel.values import Frozen
from luna.turns.world import Lore

if TYPE_CHECKING:
    import regex

LONGEST_PATTERN = 1000
PATTERN_SECONDS = 0.05
"""What one pattern may take on one text."""

ALL_PATTERNS_SECONDS = 0.5
"""What all patterns of one activation may take together; the rest are then left out, with that reason."""

FLAGS = {"i": "IGNORECASE", "m": "MULTILINE", "s": "DOTALL"}


class Fired(Frozen):
    """An entry that is told, why, and its size in tokens."""

    entry: Lore
    reason: str
    tokens: int


class Dropped(Frozen):
    """An entry that matched but is not told, or whose pattern could not be used, and why."""

    entry: Lore
    reason: str


class Activated(Frozen):
    """The outcome: `fired` in the order of telling, `tokens` their sum."""

    fired: tuple[Fired, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    tokens: int = 0


def activate(
    entries: Sequence[Lore], text: str, budget_tokens: int, count: Callable[[str], int]
) -> Activated:
    """The entries that `text` calls up. `count` tells the size of a text in tokens."""
    scan = _Scan(text)
    matched: list[tuple[Lore, str]] = []
    dropped: list[Dropped] = []
    for entry in entries:
        reason = scan.reason(entry)
        if reason:
            matched.append((entry, reason))
        elif scan.trouble:
            dropped.append(Dropped(entry=entry, reason=scan.trouble))
    matched.sort(key=lambda pair: (not pair[0].constant, -pair[0].order))
    fired: list[Fired] = []
    spent = 0
    for entry, reason in matched:
        tokens = count(entry.text)
        if spent + tokens > budget_tokens:
            left = budget_tokens - spent
            dropped.append(Dropped(entry=entry, reason=f"over budget: needs {tokens} tokens, {left} left"))
            continue
        spent += tokens
        fired.append(Fired(entry=entry, reason=reason, tokens=tokens))
    return Activated(fired=tuple(fired), dropped=tuple(dropped), tokens=spent)


class _Scan:
    """One text that many keys are looked up in. `trouble` says what was wrong with the last entry's keys."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = text.lower()
        self.trouble = ""
        self.pattern_time = 0.0

    def reason(self, entry: Lore) -> str:
        """Why the entry fires, or "" when it does not."""
        self.trouble = ""
        if entry.constant:
            return "always told"
        hit = next((key for key in entry.keys if self.holds(key, entry)), None)
        if hit is None:
            return ""
        if not entry.secondary_keys:
            return f"key “{hit}”"
        return self._secondary(entry, hit)

    def _secondary(self, entry: Lore, hit: str) -> str:
        found = [key for key in entry.secondary_keys if self.holds(key, entry)]
        missing = len(entry.secondary_keys) - len(found)
        match entry.logic:
            case "and_any":
                return f"key “{hit}” with “{found[0]}”" if found else ""
            case "and_all":
                return f"key “{hit}” with all of {len(found)} more" if not missing else ""
            case "not_any":
                return f"key “{hit}” without any of {missing} others" if not found else ""
            case "not_all":
                return f"key “{hit}” without all of {len(found) + missing} others" if missing else ""

    def holds(self, key: str, entry: Lore) -> bool:
        """Whether the text holds the key, as the entry wants keys to be read."""
        source = pattern_of(key)
        if source is not None:
            return self._matches(*source)
        needle, text = (key, self.text) if entry.case_sensitive else (key.lower(), self.folded)
        if not needle:
            return False
        if entry.whole_words and len(needle.split()) == 1:
            return _as_word(needle, text)
        return needle in text

    def _matches(self, pattern: str, flags: str) -> bool:
        if self.pattern_time > ALL_PATTERNS_SECONDS:
            self.trouble = "patterns took too long together"
            return False
        compiled = _compiled(pattern, flags)
        if compiled is None:
            self.trouble = f"pattern “{pattern[:60]}” cannot be read"
            return False
        start = time.perf_counter()
        try:
            return compiled.search(self.text, timeout=PATTERN_SECONDS) is not None
        except TimeoutError:
            self.trouble = f"pattern “{pattern[:60]}” took too long"
            return False
        finally:
            self.pattern_time += time.perf_counter() - start


def pattern_of(key: str) -> tuple[str, str] | None:
    """The pattern and flags of a key written /pattern/flags, or None for a plain key."""
    end = key.rfind("/")
    if not key.startswith("/") or end < 2 or not set(key[end + 1 :]) <= set("gimsuy"):
        return None
    body = key[1:end]
    if "/" in body.replace("\\/", ""):
        return None
    return body.replace("\\/", "/"), key[end + 1 :]


@lru_cache(maxsize=4096)
def _compiled(pattern: str, flags: str) -> "regex.Pattern[str] | None":
    """The pattern ready to search, or None when it is broken or longer than anyone needs."""
    import regex

    if len(pattern) > LONGEST_PATTERN:
        return None
    chosen = 0
    for letter, name in FLAGS.items():
        if letter in flags:
            chosen |= int(getattr(regex, name))
    try:
        return regex.compile(pattern, chosen)
    except (regex.error, RecursionError, OverflowError, ValueError):
        return None


def _as_word(needle: str, text: str) -> bool:
    """Whether the needle stands in the text with no letter or digit on either side."""
    at = text.find(needle)
    while at >= 0:
        before = text[at - 1] if at else " "
        after = text[at + len(needle)] if at + len(needle) < len(text) else " "
        if not _in_word(before) and not _in_word(after):
            return True
        at = text.find(needle, at + 1)
    return False


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"
