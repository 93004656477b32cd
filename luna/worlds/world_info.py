"""Lorebook files in and out: SillyTavern World Info, a card's character_book, the lorebook of card V3.

Every entry keeps the fields it came with. A book that nobody touched goes out equal to what came in, field
by field, in the same order.
"""

from typing import Any, cast

from luna.kernel.errors import BadInput, Diagnostic, Severity
from luna.turns.world import Lore
from luna.worlds.incoming import (
    Given,
    dump_json,
    first_of,
    mapping_of,
    number_of,
    read_json,
    text_of,
    texts_of,
)
from luna.worlds.macros import resolve
from luna.worlds.markup import plain_prose
from luna.worlds.names import slug
from luna.worlds.types import MAX_BOOK_BYTES, MAX_ENTRIES, Book, BookEntry, BookImport, BookKind, Logic

LOGICS: tuple[Logic, ...] = ("and_any", "not_all", "not_any", "and_all")
"""What the numbers 0 to 3 mean. They are often mixed up: 1 is "not all of them", 2 "none of them"."""

CARD_ENTRY_FIELDS = ("keys", "insertion_order", "secondary_keys", "enabled")
WORLD_INFO_FIELDS = ("key", "keysecondary", "disable", "selectiveLogic")


def read_world_info(raw: bytes, filename: str = "") -> BookImport:
    """Read a lorebook file. `filename` gives the name to a book that has none.

    Raises BadInput: `not-a-lorebook`, `lorebook-too-large`, `lorebook-too-deep`, `too-many-entries`.
    """
    given = read_json(raw, "lorebook", limit=MAX_BOOK_BYTES)
    return read_book_value(given, filename)


def read_book_value(given: Given, filename: str = "") -> BookImport:
    """The same for a file that is JSON already."""
    outer = mapping_of(given.value)
    data = mapping_of(outer.get("data"))
    book: Book | None = None
    if _has_entries(outer):
        book = book_of(outer)
    elif outer.get("spec") == "lorebook_v3" and _has_entries(data):
        book = book_of(data).model_copy(update={"kind": "lorebook_v3", "meta": _without_entries(outer, data)})
    elif _has_entries(mapping_of(data.get("character_book"))):
        book = book_of(mapping_of(data["character_book"]))
    if book is None or (book.entries and not any("content" in e.raw for e in book.entries)):
        raise BadInput(
            "This JSON is not a lorebook that can be read: it has no entries with content.",
            "Choose a World Info file of SillyTavern, a lorebook of a card, or a card that has one.",
            code="not-a-lorebook",
        )
    if not book.name:
        book = book.model_copy(update={"name": _stem(filename) or "Lorebook"})
    return BookImport(book=book, report=(*given.report, *book_findings(book)))


def book_of(fields: dict[str, Any]) -> Book:
    """A book from the value of a World Info file or of a `character_book`."""
    listed = isinstance(fields.get("entries"), list)
    given = fields["entries"]
    if len(given) > MAX_ENTRIES:
        raise BadInput(
            f"This lorebook has {len(given):,} entries; at most {MAX_ENTRIES:,} are taken in.",
            "Split the file into several books.",
            code="too-many-entries",
        )
    pairs = enumerate(cast("list[Any]", given)) if listed else cast("dict[str, Any]", given).items()
    entries = [entry_of(str(key), mapping_of(value)) for key, value in pairs if isinstance(value, dict)]
    card_like = sum(any(f in e.raw for f in CARD_ENTRY_FIELDS) for e in entries)
    world_like = sum(any(f in e.raw for f in WORLD_INFO_FIELDS) for e in entries)
    kind: BookKind = "character_book" if card_like > world_like else "world_info"
    return Book(
        name=text_of(fields.get("name")).strip()[:200],
        description=text_of(fields.get("description")),
        kind=kind,
        listed=listed,
        entries=tuple(entries),
        meta=_without_entries(fields),
    )


def write_world_info(book: Book) -> bytes:
    """The file of a book in the format it came in. Untouched entries are equal to what was read."""
    entries: Any = [e.raw for e in book.entries] if book.listed else {e.uid: e.raw for e in book.entries}
    out = {**book.meta}
    if book.kind == "lorebook_v3":
        out["data"] = {**mapping_of(out.get("data")), "entries": entries}
    else:
        # Assigning keeps the place that "entries" had among the other fields.
        out["entries"] = entries
    return dump_json(out, indent=4).encode()


def to_lore(book: Book, prefix: str = "", *, char: str = "", user: str = "you") -> tuple[Lore, ...]:
    """The entries that can ever be told, as the tellers read them. `prefix` keeps ids of several books apart;
    `char` and `user` are the names that the macros in texts and keys stand for.

    Left out: disabled entries, empty ones, those with a chance of zero, and those without keys that are
    not constant.
    """

    def named(text: str) -> str:
        return resolve(text, char=char, user=user).text.strip()

    start = prefix or slug(book.name, "book")
    lore = (
        Lore(
            id=f"{start}.{entry.uid[:60]}",
            title=named(entry.title),
            keys=tuple(filter(None, map(named, entry.keys))),
            secondary_keys=tuple(filter(None, map(named, entry.secondary_keys))),
            logic=entry.logic,
            text=plain_prose(named(_without_decorators(entry.content))),
            constant=entry.constant,
            order=entry.order,
            case_sensitive=bool(entry.case_sensitive),
            whole_words=bool(entry.whole_words),
        )
        for entry in book.entries
        if entry.enabled and entry.probability > 0
    )
    return tuple(entry for entry in lore if entry.text and (entry.constant or entry.keys))


def book_findings(book: Book) -> tuple[Diagnostic, ...]:
    """What the author may want to know about a book: entries that can never fire, chances not honoured."""
    silent = [e for e in book.entries if e.enabled and not e.constant and not e.keys]
    empty = [e for e in book.entries if e.enabled and not e.content.strip()]
    chancy = [e for e in book.entries if e.enabled and 0 < e.probability < 100]
    found: list[Diagnostic] = []
    for code, entries, message, fix in (
        ("lore-without-keys", silent, "has no keys and is not constant, so it never fires", "Give it a key."),
        ("lore-empty", empty, "says nothing", "Write its text, or delete it."),
        ("lore-chance", chancy, "has a chance below 100 %; it is told whenever its keys match", ""),
    ):
        found += [
            Diagnostic(
                code=code,
                severity=Severity.info if code == "lore-chance" else Severity.warning,
                where=f"entry {entry.uid}",
                message=f"{entry.title or 'This entry'} {message}.",
                fix=fix,
            )
            for entry in entries[:20]
        ]
    return tuple(found)


def _without_decorators(content: str) -> str:
    """The text of an entry without the @@ lines that card V3 puts at its top: they are orders, not lore."""
    lines = content.splitlines()
    while lines and lines[0].lstrip().startswith("@@"):
        lines.pop(0)
    return "\n".join(lines)


def _has_entries(fields: dict[str, Any]) -> bool:
    return isinstance(fields.get("entries"), (dict, list))


def _without_entries(fields: dict[str, Any], inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """The file around its entries. None marks where they stood, so that they go back to the same place."""
    if inner is not None:
        return {**fields, "data": {**inner, "entries": None}}
    return {**fields, "entries": None}


def entry_of(uid: str, raw: dict[str, Any]) -> BookEntry:
    """Read one entry of either kind: the names differ, the meanings do not."""
    more = mapping_of(raw.get("extensions"))
    secondary = _keys(first_of(raw, "keysecondary", "secondary_keys"))
    selective = raw.get("selective")
    logic = number_of(raw.get("selectiveLogic", more.get("selectiveLogic")), 0)
    enabled = raw.get("enabled") if "enabled" in raw else not raw.get("disable", False)
    return BookEntry(
        uid=uid,
        title=(text_of(first_of(raw, "comment")) or text_of(first_of(raw, "name"))).strip()[:300],
        keys=_keys(first_of(raw, "key", "keys")),
        # A book that never says "selective" means its secondary keys; one that says false does not.
        secondary_keys=secondary if selective is None or selective else (),
        logic=LOGICS[logic] if 0 <= logic < len(LOGICS) else "and_any",
        content=text_of(raw.get("content")),
        enabled=bool(enabled) if enabled is not None else True,
        constant=bool(raw.get("constant")),
        order=number_of(first_of(raw, "order", "insertion_order"), 100),
        case_sensitive=_choice(first_of(raw, "caseSensitive", "case_sensitive"), more.get("case_sensitive")),
        whole_words=_choice(first_of(raw, "matchWholeWords"), more.get("match_whole_words")),
        probability=_chance(raw, more),
        raw=raw,
    )


def _keys(value: Any) -> tuple[str, ...]:
    """Keys as a list; one text with commas is split, except a pattern between slashes."""
    if isinstance(value, str) and value.strip().startswith("/"):
        value = [value]
    return texts_of(value)


def _choice(*values: Any) -> bool | None:
    given = next((v for v in values if v is not None), None)
    return None if given is None else bool(given)


def _chance(raw: dict[str, Any], more: dict[str, Any]) -> int:
    """The chance in percent; 100 where the entry does not use its chance."""
    used = _choice(raw.get("useProbability"), more.get("useProbability"))
    if used is False:
        return 100
    given = raw.get("probability", more.get("probability"))
    return max(0, min(100, number_of(given, 100)))


def _stem(filename: str) -> str:
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0].strip()[:200]
