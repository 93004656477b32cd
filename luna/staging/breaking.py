"""Cuts text into lines short enough for a text box, at sentence ends where it can, never inside a letter."""

import regex

MAX_LINE = 240
"""Longest line in user-perceived characters."""

MAX_LETTER = 16
"""Longest user-perceived character in code points: marks heaped on a letter beyond that are cut."""

SENTENCE = regex.compile(
    r"(?<=[.!?…][\"”’»)\]]*)\s+(?=[\p{Lu}\p{Lo}\d\"“‘«„(\[—–])|(?<=[。！？][」』”’)]*)(?![」』”’)])"
)
SOFT = regex.compile(r"(?<=[,;:—–])\s+|(?<=[，、；：])|\s+")
LETTERS = regex.compile(r"\X")


def short_lines(text: str, most: int = MAX_LINE) -> list[str]:
    """The text in pieces of at most `most` characters, sentences kept together while they fit."""
    if _size(text) <= most:
        return [text] if text.strip() else []
    return _packed([part for s in _split(SENTENCE, text) for part in _fitting(s, most)], most)


def clipped(text: str, most: int) -> str:
    """The text on one line, cut at a word with an ellipsis when it is longer than `most`."""
    text = " ".join(text.split())
    if _size(text) <= most:
        return text
    letters = [letter[:MAX_LETTER] for letter in LETTERS.findall(text)]
    head = "".join(letters[: most - 1])
    if letters[most - 1] != " ":
        whole = head.rpartition(" ")[0]
        head = whole if len(whole) > most // 2 else head
    return head.rstrip(" ,;:.") + "…"


def _size(text: str) -> int:
    """The length in user-perceived characters; heaped marks count as well."""
    if text.isascii():
        return len(text)
    return sum(1 if len(letter) <= MAX_LETTER else len(letter) for letter in LETTERS.findall(text))


def _split(where: "regex.Pattern[str]", text: str) -> list[tuple[str, str]]:
    """Parts with what stood between each and the one before it (the separator is kept for joining)."""
    found: list[tuple[str, str]] = []
    at, between = 0, ""
    for match in where.finditer(text):
        if match.start() > at:
            found.append((between, text[at : match.start()]))
            between = ""
        between += match.group()
        at = match.end()
    if at < len(text):
        found.append((between, text[at:]))
    return found


def _fitting(part: tuple[str, str], most: int) -> list[tuple[str, str]]:
    """A sentence as pieces that fit: at commas and spaces, and a word that is too long by letters."""
    between, text = part
    if _size(text) <= most:
        return [part]
    found: list[tuple[str, str]] = []
    for gap, word in _split(SOFT, text):
        letters = [letter[:MAX_LETTER] for letter in LETTERS.findall(word)]
        pieces = ["".join(letters[i : i + most]) for i in range(0, len(letters), most)]
        found += [(gap if i == 0 else "", piece) for i, piece in enumerate(pieces)]
    return [(between, found[0][1]), *found[1:]]


def _packed(parts: list[tuple[str, str]], most: int) -> list[str]:
    found: list[str] = []
    for between, text in parts:
        joined = f"{found[-1]}{between and ' '}{text}" if found else ""
        if found and _size(joined) <= most:
            found[-1] = joined
        elif text.strip():
            found.append(text)
    return found
