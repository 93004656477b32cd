"""Reading JSON files that people bring: any encoding, any size, any malice.

What comes out can be stored in both databases and written out again: no NUL characters (PostgreSQL refuses
them), no lone surrogates (no encoding takes them), no infinite numbers (JSON has none), no bottomless nesting.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from luna.kernel.errors import BadInput, Diagnostic, Severity
from luna.kernel.values import Frozen

MAX_DEPTH = 64
"""Deepest nesting that is read. Real cards and books stay below ten."""

LOW_SURROGATE = "\ud800"
HIGH_SURROGATE = "\udfff"


class Given(Frozen):
    """A file as it was understood: the value, and its text word for word where that can be stored."""

    value: Any
    text: str
    report: tuple[Diagnostic, ...] = ()


def read_json(raw: bytes, what: str, *, limit: int) -> Given:
    """Read a JSON file. `what` names it in errors ("card", "lorebook"); `limit` is its largest size in bytes.

    Raises BadInput: `<what>-too-large`, `<what>-too-deep`, or `not-a-<what>` when it is no JSON at all.
    """
    if len(raw) > limit:
        raise too_large(what, limit)
    text, found = decode(raw)
    text = text.strip("\0 \t\r\n")
    try:
        value = json.loads(text, strict=False, parse_float=_finite, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise _too_deep(what) from error
    except ValueError as error:
        raise BadInput(
            f"This is not JSON, so it cannot be a {what}: {_where(error)}.",
            f"Choose the file of the {what} itself, as the program that made it saved it.",
            code=f"not-a-{what}",
        ) from error
    washed = _Wash(what)
    clean = washed.value(value, 0)
    if washed.changed:
        text = dump_json(clean)
        found = (*found, _washed(washed.changed))
    return Given(value=clean, text=text, report=found)


def washed_json(value: Any, what: str, *, limit: int) -> Given:
    """The same for a value that was JSON already, for example a part of a request."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except RecursionError as error:
        raise _too_deep(what) from error
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"This {what} holds a value that JSON does not know.",
            "Use texts, plain numbers, true, false, lists and objects only.",
            code=f"not-a-{what}",
        ) from error
    return read_json(text.encode("utf-8", "surrogatepass"), what, limit=limit)


def dump_json(value: Any, *, indent: int | None = None) -> str:
    """Write JSON as JavaScript programs do: readable letters, no spaces unless indented."""
    separators = None if indent else (",", ":")
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)


def decode(raw: bytes) -> tuple[str, tuple[Diagnostic, ...]]:
    """The text of a file in UTF-8, UTF-16 or UTF-32, with or without a mark; anything else is read as the
    old Windows encoding, with a warning that letters may be wrong."""
    encoding = json.detect_encoding(raw)
    try:
        return raw.decode(encoding), ()
    except UnicodeDecodeError:
        pass
    try:
        # A lone surrogate that a sloppy program wrote out; the washing replaces it later.
        return raw.decode(encoding, "surrogatepass"), ()
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    note = Diagnostic(
        code="old-encoding",
        severity=Severity.warning,
        where="file",
        message="The file is not UTF-8; it was read as a Western European encoding.",
        fix="Check the accented letters. Saving the file as UTF-8 first avoids the guess.",
    )
    return text, (note,)


def clean_text(text: str) -> str:
    """Text without NULs and lone surrogates, so that it can be stored and sent."""
    if "\0" in text:
        text = text.replace("\0", "")
    if any(LOW_SURROGATE <= c <= HIGH_SURROGATE for c in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def too_large(what: str, limit: int) -> BadInput:
    """The refusal of a file that is over its size."""
    return BadInput(
        f"This {what} is too large: at most {limit // (1024 * 1024)} MB are read.",
        "Split it, or take out pictures and sound that are embedded in it.",
        code=f"{what}-too-large",
        limit=limit,
    )


def text_of(value: Any) -> str:
    """What a field says as text: text itself, numbers written out, lists by the line, the rest nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return "\n".join(t for t in map(text_of, cast("list[Any]", value)) if t)
    return ""


def texts_of(value: Any) -> tuple[str, ...]:
    """What a field says as a list of texts: a list, or one text with commas. Empty ones are left out."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        return ()
    said = (text_of(part) for part in cast("list[Any]", parts))
    return tuple(part.strip() for part in said if part.strip())


def mapping_of(value: Any) -> dict[str, Any]:
    """The value as an object with fields, or an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def number_of(value: Any, default: int) -> int:
    """The value as a whole number that fits a database column, or the default."""
    if isinstance(value, str):
        try:
            value = float(value[:40])
        except ValueError:
            return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return default
    return int(max(-(2**31) + 1, min(2**31 - 1, value)))


def first_of(fields: Mapping[str, Any], *names: str) -> Any:
    """The first of these fields that is there and not null."""
    return next((fields[name] for name in names if fields.get(name) is not None), None)


class _Wash:
    """Copies a value without what cannot be stored, and counts what had to go."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.changed = 0

    def value(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _too_deep(self.what)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(v, depth + 1) for v in cast("list[Any]", value)]
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            return {self.text(k): self.value(v, depth + 1) for k, v in fields.items()}
        return value

    def text(self, text: str) -> str:
        clean = clean_text(text)
        self.changed += clean != text
        return clean


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    return "a number in it is out of bounds"


def _too_deep(what: str) -> BadInput:
    return BadInput(
        f"This {what} is nested too deeply.",
        f"At most {MAX_DEPTH} levels are read; real files have fewer than ten.",
        code=f"{what}-too-deep",
    )


def _washed(count: int) -> Diagnostic:
    return Diagnostic(
        code="unstorable-characters",
        severity=Severity.warning,
        where="file",
        message=f"{count} texts held NUL characters or halves of characters; those were taken out.",
        fix="Nothing to do, unless a text looks wrong.",
    )
