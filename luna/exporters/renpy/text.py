"""Any text as Ren'Py source: what a string may hold, and names that the engine accepts."""

import json
import unicodedata

import regex

from luna.kernel.values import digest

UNSHOWABLE = regex.compile(r"[\p{Cs}\p{Co}\p{Cn}\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
RIGHT_TO_LEFT = regex.compile(
    r"[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]"
)
NOT_IN_BUILT_IN_FONT = regex.compile(
    r"[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Hebrew}\p{Script=Arabic}"
    r"\p{Script=Georgian}\p{Script=Common}\p{Script=Inherited}]|\p{Emoji_Presentation}"
)
"""Letters that DejaVu Sans, the font every Ren'Py brings, has no pictures for."""


def clean(text: str) -> str:
    """The text without what a source file cannot hold or a font cannot show. Newlines stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return UNSHOWABLE.sub("", text)


def shown(text: str) -> str:
    """Text that a text displayable shows as it is: no interpolation, no text tags."""
    return clean(text).replace("[", "[[").replace("{", "{{")


def spoken(text: str) -> str:
    """A string literal for a say or menu statement. There, also % is special, and whitespace collapses."""
    inner = shown(text).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    inner = inner.replace("\n", "\\n").replace("\t", " ")
    return f'"{inner}"'


def literal(value: str | bool | int | float) -> str:
    """A Python literal for an expression or a define statement."""
    if isinstance(value, str):
        return json.dumps(clean(value), ensure_ascii=False)
    return repr(value)


def slug(text: str, most: int = 24) -> str:
    """Lower-case ASCII letters, digits and single underscores; may be empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return regex.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:most].strip("_")


class Names:
    """Gives out identifiers with a prefix of their own, so that none is a reserved word or given twice."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._given: set[str] = set()

    def fresh(self, text: str) -> str:
        """An identifier that reminds of `text`: the same texts in the same order give the same names."""
        base = f"{self._prefix}_{slug(text) or digest(text)[:8]}"
        name, count = base, 2
        while name in self._given:
            name, count = f"{base}_{count}", count + 1
        self._given.add(name)
        return name
