"""Files as SillyTavern 1.19 saved them: the samples were written by that program, and go round unharmed."""

import base64
import contextlib
import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library import SAMPLES

from luna.characters import png
from luna.characters.cards import edited, new_card, read_card, write_card_json, write_card_png, write_card_v2
from luna.kernel.errors import BadInput
from luna.worlds.world_info import read_world_info, to_lore, write_world_info

PNG = (SAMPLES / "mara.png").read_bytes()
CARD = (SAMPLES / "mara.json").read_bytes()
BOOK = (SAMPLES / "saltmarsh.json").read_bytes()


def picture_chunks(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Everything in a PNG but the card."""
    chunks = png.read_chunks(raw)
    return [(c.kind, c.data) for c in chunks if png.keyword_of(c) not in ("chara", "ccv3")]


def cards_in(raw: bytes) -> dict[str, Any]:
    """The JSON of every card in a PNG, by keyword."""
    texts = [png.read_text(c) for c in png.read_chunks(raw)]
    return {t.keyword: json.loads(base64.b64decode(t.text)) for t in texts if t}


def test_json_card_comes_back_byte_for_byte() -> None:
    """SillyTavern reads its own `ccv3` copy first, so its JSON export of a V2 card says V3."""
    card = read_card(CARD).card
    assert (card.name, card.spec) == ("Captain Mara Voss", "v3")
    assert write_card_json(card) == CARD


def test_v2_json_comes_back_byte_for_byte() -> None:
    chunk = next(t for t in map(png.read_text, png.read_chunks(PNG)) if t and t.keyword == "chara")
    raw = base64.b64decode(chunk.text)
    card = read_card(raw).card
    assert (card.name, card.spec, card.favourite) == ("Captain Mara Voss", "v2", True)
    assert write_card_json(card) == raw
    assert json.loads(write_card_v2(card)) == json.loads(raw)


def test_v2_export_of_a_v3_card_has_every_field() -> None:
    expected = {**json.loads(CARD), "spec": "chara_card_v2", "spec_version": "2.0"}
    assert json.loads(write_card_v2(read_card(CARD).card)) == expected


def test_png_and_json_of_one_card_say_the_same() -> None:
    """All but the mark of a favourite, which SillyTavern takes off when it exports."""
    in_png, in_json = read_card(PNG).card, read_card(CARD).card
    assert in_png.favourite
    assert edited(in_png, {}, {"fav": False}).raw["data"] == in_json.raw["data"]
    assert in_png.book == in_json.book


def test_untouched_png_comes_back_byte_for_byte() -> None:
    assert write_card_png(PNG, read_card(PNG).card) == PNG


def test_edited_png_keeps_the_picture_and_all_other_fields() -> None:
    before = read_card(PNG).card
    out = write_card_png(PNG, edited(before, {"personality": "new"}))
    assert picture_chunks(out) == picture_chunks(PNG)
    readings = cards_in(out)
    assert readings["chara"]["spec"] == "chara_card_v2"
    assert readings["ccv3"]["spec"] == "chara_card_v3"
    for reading in readings.values():
        assert reading["data"] == {**before.raw["data"], "personality": "new"}
        assert reading["x_custom"] == before.raw["x_custom"]


def test_card_that_came_without_picture_gets_a_plain_one() -> None:
    out = write_card_png(None, read_card(CARD).card)
    assert read_card(out).card.raw["data"] == json.loads(CARD)["data"]
    from io import BytesIO

    from PIL import Image

    assert Image.open(BytesIO(out)).convert("RGB").size == (400, 600)


def test_world_info_comes_back_byte_for_byte() -> None:
    assert write_world_info(read_world_info(BOOK, "saltmarsh.json").book) == BOOK


def test_world_info_and_the_books_copy_in_the_card_mean_the_same() -> None:
    """SillyTavern converts World Info to a character_book when a card is saved; both must tell the same."""
    book = read_card(PNG).card.book
    assert book is not None
    of_file = to_lore(read_world_info(BOOK).book, "b", char="Mara")
    assert of_file == to_lore(book, "b", char="Mara")


def test_what_the_entries_mean() -> None:
    entries = {e.title: e for e in read_world_info(BOOK).book.entries}
    assert entries["The lighthouse"].whole_words is True
    assert entries["The lighthouse"].logic == "and_any"
    assert entries["Old Perrin"].logic == "not_any"
    assert entries["Old Perrin"].case_sensitive is True
    assert entries["Old Perrin"].probability == 80
    assert entries["The cave — “Hölle”"].logic == "and_all"
    assert entries["The town"].constant
    assert not entries["Ghost story (off)"].enabled


@pytest.mark.parametrize(
    ("number", "logic"), [(0, "and_any"), (1, "not_all"), (2, "not_any"), (3, "and_all")]
)
def test_all_four_logics_keep_their_meaning(number: int, logic: str) -> None:
    entry = {"key": ["a"], "keysecondary": ["b"], "content": "c", "selective": True, "selectiveLogic": number}
    in_card = {"keys": ["a"], "secondary_keys": ["b"], "content": "c", "selective": True, "enabled": True}
    in_card["extensions"] = {"selectiveLogic": number}
    for form in ({"0": entry}, [entry], [in_card]):
        book = read_world_info(json.dumps({"entries": form}).encode()).book
        assert book.entries[0].logic == logic
        assert book.entries[0].secondary_keys == ("b",)


def test_entries_that_were_a_list_stay_a_list() -> None:
    raw = {"entries": [{"key": "a, b,  ", "content": "c"}], "name": "List", "zz": 1}
    book = read_world_info(json.dumps(raw).encode()).book
    assert book.entries[0].keys == ("a", "b")
    assert json.loads(write_world_info(book)) == raw


def test_lorebook_of_card_v3_alone() -> None:
    inner = {"name": "V3", "entries": [{"keys": ["a"], "content": "@@depth 4\n@@@x\nText", "enabled": True}]}
    raw = {"spec": "lorebook_v3", "data": {**inner, "extensions": {"x": 1}}}
    book = read_world_info(json.dumps(raw).encode()).book
    assert json.loads(write_world_info(book)) == raw
    assert to_lore(book)[0].text == "Text"


@pytest.mark.parametrize("book", [None, [], "", {"entries": None}, {"name": "no entries"}])
def test_a_card_with_a_strange_book_is_read_and_kept(book: Any) -> None:
    raw = json.loads(CARD)
    raw["data"]["character_book"] = book
    card = read_card(json.dumps(raw).encode()).card
    assert card.book is None
    assert card.raw["data"]["character_book"] == book


V1 = {
    "name": "Ann",
    "description": "d",
    "personality": "",
    "scenario": "",
    "first_mes": "f",
    "mes_example": "",
}


def test_v1_cards_and_their_cousins() -> None:
    card = read_card(json.dumps({**V1, "creatorcomment": "c", "odd": [1]}).encode()).card
    assert (card.spec, card.creator_notes) == ("v1", "c")
    as_v2 = json.loads(write_card_v2(card))
    assert as_v2["data"]["first_mes"] == "f"
    assert as_v2["odd"] == [1]
    cousin = {"char_name": "Bo", "char_persona": "p", "world_scenario": "w", "char_greeting": "g"}
    card = read_card(json.dumps(cousin).encode()).card
    assert (card.name, card.description, card.scenario, card.first_mes) == ("Bo", "p", "w", "g")
    assert read_card(write_card_png(None, card)).card == card


def test_v1_card_becomes_v2_when_it_gets_what_v1_lacks() -> None:
    card = read_card(json.dumps(V1).encode()).card
    assert edited(card, {"personality": "p"}).spec == "v1"
    richer = edited(card, {"system_prompt": "s"}, {"fav": True})
    assert (richer.spec, richer.system_prompt, richer.favourite, richer.first_mes) == ("v2", "s", True, "f")


def test_v3_fields_go_round() -> None:
    data = {
        **V1,
        "nickname": "Annie",
        "assets": [{"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"}],
        "creator_notes_multilingual": {"de": "Hallo"},
        "group_only_greetings": [],
        "creation_date": 1700000000,
        "extensions": {"risuai": {"source": ["x"]}},
        "future": {"deep": [1.5, None]},
    }
    raw = {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}
    outcome = read_card(json.dumps(raw).encode())
    assert outcome.kept == ("data.extensions.risuai", "data.future")
    out = write_card_png(PNG, outcome.card)
    assert cards_in(out)["ccv3"] == raw
    assert cards_in(out)["chara"]["data"] == data
    assert picture_chunks(out) == picture_chunks(PNG)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON_VALUES, JSON_VALUES)
def test_unknown_fields_of_any_shape_survive(inside: Any, beside: Any) -> None:
    card = new_card({"name": "A", "extensions": {"x": inside}, "unknown": beside})
    for out in (write_card_json(card), write_card_png(None, card), write_card_v2(card)):
        raw = read_card(out).card.raw
        assert raw["data"]["unknown"] == beside
        assert raw["data"]["extensions"]["x"] == inside


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings(encoding: str) -> None:
    text = json.dumps({**V1, "name": "Zoë 潮"}, ensure_ascii=False)
    assert read_card(text.encode(encoding)).card.name == "Zoë 潮"


def test_old_windows_encoding_is_guessed_and_said() -> None:
    outcome = read_card(json.dumps({**V1, "name": "Zoë"}, ensure_ascii=False).encode("cp1252"))
    assert outcome.card.name == "Zoë"
    assert [d.code for d in outcome.report] == ["old-encoding"]


def with_chunk(kind: bytes, data: bytes, *, crc: int | None = None) -> bytes:
    """A small PNG with one more chunk before its end."""
    plain = png.plain_picture(2, 2)
    checksum = zlib.crc32(kind + data) if crc is None else crc
    return (
        plain[:-12] + struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum) + plain[-12:]
    )


PACKED = base64.b64encode(json.dumps(V1).encode())


@pytest.mark.parametrize(
    "raw",
    [
        with_chunk(b"tEXt", b"chara\0" + PACKED),
        with_chunk(b"tEXt", b"Chara\0" + PACKED.rstrip(b"=") + b"\n"),
        with_chunk(b"tEXt", b"chara\0" + json.dumps(V1).encode()),
        with_chunk(b"zTXt", b"chara\0\0" + zlib.compress(PACKED)),
        with_chunk(b"iTXt", b"chara\0\0\0en\0k\0" + PACKED),
        with_chunk(b"iTXt", b"ccv3\0\1\0\0\0" + zlib.compress(PACKED)),
        with_chunk(b"tEXt", b"chara\0" + PACKED, crc=7),
        with_chunk(b"tEXt", b"chara\0" + PACKED) + b"PK\x03\x04 something behind the picture",
    ],
)
def test_every_way_a_card_sits_in_a_png(raw: bytes) -> None:
    assert read_card(raw).card.name == "Ann"


def test_second_copy_serves_when_the_first_is_broken() -> None:
    first = with_chunk(b"tEXt", b"ccv3\0!!!")
    chunk = png.text_chunk("chara", PACKED)
    raw = png.write_chunks([*png.read_chunks(first)[:-1], chunk, png.read_chunks(first)[-1]])
    outcome = read_card(raw)
    assert outcome.card.name == "Ann"
    assert "card-copy-broken" in [d.code for d in outcome.report]


BOMB = zlib.compress(b"A" * (64 * 1024 * 1024), 9)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not-a-card"),
        (b"\x89PNG\r\n\x1a\n", "card-broken"),
        (PNG[: len(PNG) // 2], "card-broken"),
        (PNG[:-5], "card-broken"),
        (PNG[:8] + b"\xff\xff\xff\xffIHDR" + PNG[16:], "card-broken"),
        (png.plain_picture(), "not-a-card"),
        (with_chunk(b"tEXt", b"chara\0%%%"), "card-broken"),
        (with_chunk(b"tEXt", b"chara\0" + base64.b64encode(b"{}")), "not-a-card"),
        (with_chunk(b"zTXt", b"chara\0\0" + BOMB), "card-too-large"),
        (with_chunk(b"iTXt", b"chara\0\1\0\0\0" + BOMB), "card-too-large"),
        (with_chunk(b"zTXt", b"chara\0\0garbage"), "not-a-card"),
        (with_chunk(b"tEXt", b"chara\0" + b"A" * (10 * 1024 * 1024)), "not-a-card"),
        (with_chunk(b"tEXt", b"chara\0" + b"A" * (13 * 1024 * 1024)), "card-too-large"),
        (with_chunk(b"tEXt", b"chara\0" + base64.b64encode(b"[" * 100_000)), "card-too-deep"),
        (b"[" * 100_000 + b"]" * 100_000, "card-too-deep"),
        (b'{"name":' + b"[" * 70 + b"]" * 70 + b',"first_mes":"x"}', "card-too-deep"),
        (b" " * (8 * 1024 * 1024 + 1), "card-too-large"),
        (b'{"name": "package", "description": "x", "version": "1.0", "scripts": {}}', "not-a-card"),
        (b'{"entries": {}}', "not-a-card"),
        (b'"card"', "not-a-card"),
        (b'{"first_mes": 1e999}', "not-a-card"),
        (b'{"first_mes": ' + b"9" * 5000 + b"}", "not-a-card"),
        (b'{"name": "", "description": " ", "first_mes": ""}', "empty-card"),
        (b'{"spec": "chara_card_v2", "data": {"name": "", "extensions": {}}}', "empty-card"),
        (b"PK\x03\x04rest of a charx", "not-a-card"),
    ],
)
def test_hostile_cards_are_refused_with_a_code(raw: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_card(raw)
    assert refusal.value.code == code
    assert refusal.value.hint


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda b: b"\x89PNG\r\n\x1a\n" + b))
def test_no_bytes_crash_the_readers(raw: bytes) -> None:
    for read in (read_card, read_world_info):
        with contextlib.suppress(BadInput):
            read(raw)


@given(st.binary(max_size=60), st.integers(0, len(PNG) - 1))
def test_no_damage_to_a_png_crashes_the_reader(junk: bytes, at: int) -> None:
    with contextlib.suppress(BadInput):
        read_card(PNG[:at] + junk + PNG[at + len(junk) :])


@given(JSON_VALUES)
def test_no_json_crashes_the_readers(value: Any) -> None:
    fields = ("name", "first_mes", "tags", "extensions", "character_book", "alternate_greetings")
    card = {"spec": "chara_card_v2", "data": {**dict.fromkeys(fields, value), "description": "d"}}
    assert read_card(json.dumps(card).encode()).card.raw["data"]["tags"] == value
    entry_fields = ("key", "keysecondary", "order", "selectiveLogic", "probability", "comment", "extensions")
    entry = {**dict.fromkeys(entry_fields, value), "content": "c"}
    book = read_world_info(json.dumps({"entries": [entry, value]}).encode()).book
    to_lore(book)
