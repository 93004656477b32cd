"""The form of told text: its pieces, its type and grammar, and what is told twice. The checker's other half."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from luna.turns.events import WorldEvent, WorldState
from luna.turns.world import Style


class Turn(NamedTuple):
    """One told turn. `action` is what the player typed."""

    number: int
    action: str
    text: str
    before: WorldState
    after: WorldState
    events: tuple[WorldEvent, ...] = ()


class Wrong(NamedTuple):
    """Something that cannot be: a stable code, the turn, the passage, and what it contradicts."""

    code: str
    turn: int
    passage: str
    why: str


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text."""
    return [p.strip() for p in re.split(r"\n\s*\n", text) if p.strip()]


def sentences(text: str) -> list[str]:
    """The sentences of a text; quotes end with them."""
    return [
        s.strip()
        for p in paragraphs(text)
        for s in re.split(r"(?<=[.!?…])[”’\"]?\s+(?=[“‘A-ZÀ-Þ])", p)
        if s.strip()
    ]


def unquoted(text: str) -> str:
    """A text with every quoted passage replaced by “”, so that only narration is left."""
    return re.sub(r"“[^”]*”", "“”", text)


def plain(text: str) -> str:
    """Lower-case words alone, for comparing."""
    return " ".join(re.findall(r"[\w’']+", text.lower().replace("’", "'")))


def around(text: str, word: str) -> str:
    at = max(0, text.find(word))
    return text[max(0, at - 50) : at + 60].replace("\n", " ")


def marks(turn: Turn) -> Iterator[Wrong]:
    """Markup that shows, quotes that do not close, and other broken type."""
    typed, text = turn.action, turn.text
    if not text.strip():
        yield Wrong("empty", turn.number, "", "a turn without a word")
        return
    for mark in "{}|<>[]*_#\\":
        if mark in text and mark not in typed:
            yield Wrong("broken_markup", turn.number, around(text, mark), f"{mark!r} shows")
    for paragraph in paragraphs(text):
        if paragraph.count("“") != paragraph.count("”") and not set('“”"') & set(typed):
            yield Wrong("broken_quotes", turn.number, paragraph, "a quote is not closed, or not opened")
        if paragraph[-1] not in ".!?…”’—:\"'" and plain(paragraph) not in plain(typed):
            yield Wrong("broken_end", turn.number, paragraph[-60:], "a paragraph without an end")
    smells = {
        r"(?<=[a-z,’] )None\b|\bNone[’']s\b|\bnull\b|\bnan\b": "a missing value",
        r"[a-z] [,.;!?](?!\.)": "a space before a mark",
        r"(?<!\.)\.\.(?!\.)|,,|;;|,\.|(?<![A-Z])\.,|\?\.": "two marks",
        r"\b[A-Z]\.[A-Z]\. (?:And|Or|Of|The)\b": "a capital after initials",
        r"\S  +\S": "two spaces",
        r"(?<![.\d])[a-z]{2,}[.!?][A-Z][a-z]": "no space after a mark",
    }
    for pattern, why in smells.items():
        found = re.search(pattern, text)
        if found and found.group(0).strip() not in typed:
            yield Wrong("broken_type", turn.number, around(text, found.group(0)), why)


AN = r"\b[Aa] (?!(?:one|once|uni|use|usu|eu|ewe|ur|u\b|o’|ouija)\w*)(?=[aeiou])[a-z]+"
A = r"\b[Aa]n (?!(?:hour|honest|heir|honou?r|x-|l\b|n\b|s\b|f\b|m\b)\w*)(?=[bcdfghjklmnpqrstvwxyz])[a-z]+"
AGREE = (
    r"\b[Yy]ou (?:is|was|has|does|goes|says|looks|takes)\b",
    r"(?<!and )(?<!you )\bI (?:is|are|has|does|goes|says)\b",
    r"\b(?<!of )(?:[Tt]hey) (?:is|was|has|does|goes|says)\b",
    r"(?<!if )(?<!though )(?<!than )(?<!as )(?<!did )(?<!does )(?<!let )(?<!made )(?<!and )\b(?:[Hh]e|[Ss]he) (?:are|have|do|go|say|look|take|make|know)\b",
    r"\b(?:the|a|an|my|your|his|their) (?:the|a|an|my|your|his|their)\b",
    r"\b(\w{2,}) \1\b",
    r"\b(?:doesn|didn|don)[’']t (?:has|does|goes|is|was|had)\b",
    r"\b(?:to|could|will|would|must|should) (?:is|are|was|has|goes|says|does)\b",
)
TWICE = frozenset(("had had", "that that", "no no", "so so", "there there", "very very", "ha ha", "is is"))


def grammar(turn: Turn, style: Style) -> Iterator[Wrong]:
    """Articles, agreement, doubled words, and the wrong tense beside a quote."""
    typed = plain(turn.action)
    narration = unquoted(turn.text)
    for pattern in (AN, A):
        for found in re.finditer(pattern, narration):
            if plain(found.group(0)) not in typed:
                yield Wrong("article", turn.number, around(narration, found.group(0)), found.group(0))
    for pattern in AGREE:
        for found in re.finditer(pattern, narration):
            if plain(found.group(0)) not in typed and found.group(0).lower() not in TWICE:
                yield Wrong("agreement", turn.number, around(narration, found.group(0)), found.group(0))
    other = (
        r"(?:said|asked|answered|replied)" if style.tense == "present" else r"(?:says|asks|answers|replies)"
    )
    drift = re.search(rf"“”,? (?:(?:(?!Having )[A-Z]\w+ )+|he |she |they |you |I ){other}\b", narration)
    if drift and turn.number > 0:
        yield Wrong("tense", turn.number, drift.group(0), f"told in the {style.tense} tense")
    if style.tense == "past":
        for sentence in sentences(narration):
            found = re.search(
                r"\b(?:cannot|isn’t|isn't|doesn’t|doesn't) \w+|\b(?:[Hh]e|[Ss]he|[Tt]hey|[Yy]ou|I) (?:is|are|am|has|have)\b",
                sentence,
            )
            if found and "“”" not in sentence and plain(found.group(0)) not in typed:
                yield Wrong("tense", turn.number, sentence, "told in the past tense")


def repeats(told: list[Turn]) -> Iterator[Wrong]:
    """Paragraphs and sentences told before, apart from what the player typed."""
    seen: dict[str, int] = {}
    for turn in told:
        typed = plain(turn.action)
        for code, parts, least in (
            ("duplicate_paragraph", paragraphs(turn.text), 4),
            ("duplicate_sentence", sentences(turn.text), 5),
        ):
            for part in parts:
                key = plain(part)
                if len(key.split()) < least or key in typed:
                    continue
                first = seen.setdefault(f"{code}:{key}", turn.number)
                if first != turn.number or list(map(plain, parts)).count(key) > 1:
                    yield Wrong(code, turn.number, part, f"told in turn {first}")
