"""Character cards in and out: V1, V2 and V3 as JSON, and inside PNG pictures.

A card keeps every field it came with, known or not; an edit changes the named fields alone.
"""

import base64
import binascii
from typing import Any, cast

from luna.characters import png
from luna.characters.types import MAX_CARD_BYTES, Card, CardImport, Spec
from luna.kernel.errors import BadInput, Diagnostic, Severity
from luna.worlds.incoming import Given, dump_json, mapping_of, read_json, text_of, texts_of, washed_json
from luna.worlds.types import Book
from luna.worlds.world_info import book_findings, book_of

FLAT_FIELDS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
OTHER_NAMES = {
    "name": "char_name",
    "description": "char_persona",
    "scenario": "world_scenario",
    "first_mes": "char_greeting",
    "mes_example": "example_dialogue",
    "creator_notes": "creatorcomment",
}
"""What another family of programs calls the same fields in a flat card."""

FLAT_EXTRAS = frozenset(
    (
        "creatorcomment",
        "tags",
        "talkativeness",
        "fav",
        "create_date",
        "chat",
        "avatar",
        "spec",
        "spec_version",
    )
)
V2_FIELDS = {
    *FLAT_FIELDS,
    *("creator_notes", "system_prompt", "post_history_instructions", "alternate_greetings"),
    *("character_book", "tags", "creator", "character_version", "extensions"),
}
V3_FIELDS = V2_FIELDS | {
    "assets",
    "nickname",
    "creator_notes_multilingual",
    "source",
    "group_only_greetings",
    "creation_date",
    "modification_date",
}
SPECS: dict[Spec, tuple[str, str]] = {"v2": ("chara_card_v2", "2.0"), "v3": ("chara_card_v3", "3.0")}
CARD_KEYWORDS = ("ccv3", "chara")


def read_card(raw: bytes, filename: str = "") -> CardImport:
    """Read a card file. `filename` names a card that has no name of its own.

    Raises BadInput: `not-a-card`, `empty-card`, `card-broken`, `card-too-large`, `card-too-deep`.
    """
    if png.is_png(raw):
        return _read_picture(raw, filename)
    for start, kind in (
        (b"PK\x03\x04", "zip archive"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"RIFF", "WebP or sound"),
    ):
        if raw.startswith(start):
            raise BadInput(
                f"This file is a {kind}; cards are read from PNG and JSON files.",
                "Export the card as PNG or JSON from the program that made it.",
                code="not-a-card",
            )
    return card_from(read_json(raw, "card", limit=MAX_CARD_BYTES), filename)


def read_card_value(value: Any, filename: str = "") -> CardImport:
    """The same for a card that is JSON already, as a part of a request."""
    return card_from(washed_json(value, "card", limit=MAX_CARD_BYTES), filename)


def card_from(given: Given, filename: str = "") -> CardImport:
    """A card from a value that was read. Raises BadInput `not-a-card` or `empty-card`."""
    raw = mapping_of(given.value)
    spec = _spec(raw)
    if spec is None:
        raise BadInput(
            "This JSON is not a character card.",
            'A card has fields such as name, description and first_mes, at the top or under "data".',
            code="not-a-card",
        )
    body = raw if spec == "v1" else mapping_of(raw["data"])
    texts = {field: _field(body, field) for field in FLAT_FIELDS}
    if not any(text.strip() for text in texts.values()):
        raise BadInput(
            "This card is empty: it has no name and no text.",
            "Fill in at least a name in the program that made it, then export it again.",
            code="empty-card",
        )
    report = [*given.report]
    if not texts["name"].strip():
        texts["name"] = _stem(filename) or "Nameless"
        report.append(_finding("card-without-name", "name", "The card has no name.", "Give it one."))
    if not any(texts[field].strip() for field in FLAT_FIELDS if field != "name"):
        report.append(
            _finding("card-without-text", "description", "The card has a name but no text.", "Describe them.")
        )
    book = _book(body, report)
    card = Card(
        **{**texts, "name": " ".join(texts["name"].split())[:200]},
        creator_notes=_field(body, "creator_notes"),
        system_prompt=text_of(body.get("system_prompt")),
        post_history_instructions=text_of(body.get("post_history_instructions")),
        alternate_greetings=_greetings(body.get("alternate_greetings")),
        tags=texts_of(body.get("tags")),
        creator=text_of(body.get("creator"))[:200],
        character_version=text_of(body.get("character_version"))[:200],
        nickname=text_of(body.get("nickname")).strip()[:200],
        favourite=_favourite(raw, body),
        spec=spec,
        book=book,
        raw=raw,
        text=given.text,
    )
    return CardImport(card=card, kept=_unknown(raw, spec), report=tuple(report))


def edited(card: Card, changes: dict[str, Any], extensions: dict[str, Any] | None = None) -> Card:
    """The card with some fields of its body, and some of its extensions, changed.

    A flat copy of a field, as SillyTavern keeps one beside "data", follows. A V1 card that gets a field which
    V1 does not have becomes V2. Raises BadInput as `read_card` does.
    """
    more = extensions or {}
    raw = dict(card.raw)
    body = raw if card.spec == "v1" else mapping_of(raw["data"])
    if not _field(body, "name").strip():
        # It was named after its file; from now on the name stands in the card.
        changes = {"name": card.name, **changes}
    if card.spec == "v1" and not more and set(changes) <= {*FLAT_FIELDS, "tags"}:
        raw.update(changes)
        return read_card_value(raw).card
    if card.spec == "v1":
        raw = dict(as_spec(card, "v2"))
    data = {**mapping_of(raw["data"]), **changes}
    data["extensions"] = {**mapping_of(data.get("extensions")), **more}
    raw["data"] = data
    flat = {**changes, **{name: more[name] for name in ("fav",) if name in more}}
    raw.update({name: value for name, value in flat.items() if name in raw and name != "data"})
    if "creator_notes" in changes and "creatorcomment" in raw:
        raw["creatorcomment"] = changes["creator_notes"]
    return read_card_value(raw).card


def new_card(fields: dict[str, Any]) -> Card:
    """A fresh V2 card with these fields in its body and the rest of the format empty."""
    empty: dict[str, Any] = {
        **dict.fromkeys(FLAT_FIELDS, ""),
        "creator_notes": "",
        "system_prompt": "",
        "post_history_instructions": "",
        "alternate_greetings": [],
        "tags": [],
        "creator": "",
        "character_version": "",
        "extensions": {},
    }
    name, version = SPECS["v2"]
    return read_card_value({"spec": name, "spec_version": version, "data": {**empty, **fields}}).card


def write_card_json(card: Card) -> bytes:
    """The card as it came in, or as it was edited."""
    return card.text.encode()


def write_card_v2(card: Card) -> bytes:
    """The card as V2 with the flat fields beside it, which is what TavernAI and SillyTavern both read."""
    return dump_json(as_spec(card, "v2"), indent=4).encode()


def write_card_png(picture: bytes | None, card: Card) -> bytes:
    """The card inside its picture: older cards in it are replaced, every other chunk keeps its bytes. A
    picture that holds this very card goes out untouched.

    Both readings go in (`chara` for V2 readers, `ccv3` for V3 ones). Raises BadInput `card-broken`.
    """
    if picture and _holds(picture, card):
        return picture
    kept = [
        c for c in png.read_chunks(picture or png.plain_picture()) if png.keyword_of(c) not in CARD_KEYWORDS
    ]
    older = card.text if card.spec != "v3" else dump_json(as_spec(card, "v2"))
    newer = card.text if card.spec == "v3" else dump_json(as_spec(card, "v3"))
    readings = [("chara", older)] if card.spec == "v1" else [("chara", older), ("ccv3", newer)]
    chunks = [png.text_chunk(keyword, base64.b64encode(text.encode())) for keyword, text in readings]
    return png.write_chunks([*kept[:-1], *chunks, kept[-1]])


def as_spec(card: Card, spec: Spec) -> dict[str, Any]:
    """The whole card with another version written on it. Fields of the newer version stay: readers of the
    older one are told to ignore what they do not know."""
    name, version = SPECS[spec]
    raw = card.raw
    if card.spec == spec:
        return raw
    if card.spec != "v1":
        return {**raw, "spec": name, "spec_version": version}
    known = {field: getattr(card, field) for field in FLAT_FIELDS}
    return {
        **raw,
        "spec": name,
        "spec_version": version,
        "data": {
            **known,
            "creator_notes": card.creator_notes,
            "system_prompt": "",
            "post_history_instructions": "",
            "alternate_greetings": list(card.alternate_greetings),
            "tags": list(card.tags),
            "creator": card.creator,
            "character_version": card.character_version,
            "extensions": mapping_of(raw.get("extensions")),
        },
    }


def _read_picture(raw: bytes, filename: str) -> CardImport:
    """The card in a picture: `ccv3` before `chara`; when the first cannot be read, the other is tried."""
    if len(raw) > png.MAX_PNG_BYTES:
        raise BadInput(
            f"This picture is too large: at most {png.MAX_PNG_BYTES // (1024 * 1024)} MB are read.",
            "Export the card as JSON, or with a smaller picture.",
            code="card-too-large",
            limit=png.MAX_PNG_BYTES,
        )
    found: dict[str, png.TextChunk] = {}
    for chunk in png.read_chunks(raw):
        if png.keyword_of(chunk) in CARD_KEYWORDS:
            text = png.read_text(chunk)
            if text is not None:
                found.setdefault(text.keyword, text)
    trouble: list[BadInput] = []
    for keyword in CARD_KEYWORDS:
        if keyword not in found:
            continue
        try:
            outcome = card_from(_unpacked(found[keyword]), filename)
        except BadInput as error:
            trouble.append(error)
            continue
        notes = _picture_notes(found[keyword], bool(trouble))
        return outcome.model_copy(update={"picture": raw, "report": (*outcome.report, *notes)})
    if trouble:
        raise trouble[0]
    raise BadInput(
        "This picture holds no character card.",
        "Cards are often lost when a picture is edited or sent through a chat; get the original file.",
        code="not-a-card",
    )


def _holds(picture: bytes, card: Card) -> bool:
    """Whether a picture holds exactly this card already."""
    try:
        return _read_picture(picture, "").card.text == card.text
    except BadInput:
        return False


def _unpacked(chunk: png.TextChunk) -> Given:
    """The JSON in a text chunk: base64, or plain where a program forgot to encode it."""
    if chunk.text.lstrip()[:1] == b"{":
        return read_json(chunk.text, "card", limit=MAX_CARD_BYTES)
    packed = b"".join(chunk.text.split()).rstrip(b"=\0").replace(b"-", b"+").replace(b"_", b"/")
    try:
        plain = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error as error:
        raise BadInput(
            "The card in this picture is damaged: its text is not base64.",
            "Download or export the card again.",
            code="card-broken",
        ) from error
    return read_json(plain, "card", limit=MAX_CARD_BYTES)


def _picture_notes(chunk: png.TextChunk, other_was_broken: bool) -> list[Diagnostic]:
    notes: list[Diagnostic] = []
    if not chunk.intact:
        message = "The checksum of the card in the picture is wrong, but it could be read."
        notes.append(_finding("card-checksum", "picture", message, "Look the texts over."))
    if other_was_broken:
        message = "The picture holds the card twice and one copy is broken; the other was read."
        notes.append(_finding("card-copy-broken", "picture", message, "Export the card again to mend it."))
    return notes


def _spec(raw: dict[str, Any]) -> Spec | None:
    """Which format a value is in, or None when it is no card."""
    body = mapping_of(raw.get("data"))
    name = text_of(raw.get("spec"))
    if isinstance(raw.get("data"), dict):
        if name == "chara_card_v3":
            return "v3"
        if name.startswith("chara_card") or any(field in body for field in FLAT_FIELDS[2:]):
            return "v2"
    names = {*FLAT_FIELDS, *OTHER_NAMES.values()}
    telling = (names - {"name", "description", "creatorcomment"}) & set(raw)
    only_known = bool(names & set(raw)) and set(raw) <= names | FLAT_EXTRAS
    return "v1" if telling or only_known else None


def _field(body: dict[str, Any], field: str) -> str:
    return text_of(body.get(field)) or text_of(body.get(OTHER_NAMES.get(field, field)))


def _greetings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    if not isinstance(value, list):
        return ()
    return tuple(text for text in map(text_of, cast("list[Any]", value)) if text.strip())


def _favourite(raw: dict[str, Any], body: dict[str, Any]) -> bool:
    mark = mapping_of(body.get("extensions")).get("fav", raw.get("fav"))
    return mark is True or text_of(mark).lower() == "true"


def _book(body: dict[str, Any], report: list[Diagnostic]) -> Book | None:
    """The card's own lorebook. Some programs write null, or something that is no book: no reason to refuse."""
    given = body.get("character_book")
    if given is None:
        return None
    fields = mapping_of(given)
    if not isinstance(fields.get("entries"), (list, dict)):
        message = "The card's lorebook has no entries that can be read; it is kept as it is."
        report.append(_finding("card-book-unreadable", "character_book", message, ""))
        return None
    book = book_of(fields).model_copy(update={"kind": "character_book"})
    report.extend(book_findings(book))
    return book


def _unknown(raw: dict[str, Any], spec: Spec) -> tuple[str, ...]:
    """The paths of fields that the card's own format does not name, sorted."""
    top = {*FLAT_FIELDS, *FLAT_EXTRAS, *OTHER_NAMES.values(), "data"}
    paths = [name for name in raw if name not in top]
    if spec != "v1":
        body = mapping_of(raw["data"])
        known = V3_FIELDS if spec == "v3" else V2_FIELDS
        paths += [f"data.{name}" for name in body if name not in known]
        paths += [f"data.extensions.{name}" for name in mapping_of(body.get("extensions"))]
    return tuple(sorted(paths)[:500])


def _finding(code: str, where: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(code=code, severity=Severity.warning, where=where, message=message, fix=fix)


def _stem(filename: str) -> str:
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0].strip()[:200]
