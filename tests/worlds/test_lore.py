"""Activation, macros, and putting a world together."""

import time

import pytest

from luna.turns.world import Character, Lore, Style
from luna.worlds.activation import activate, pattern_of
from luna.worlds.build import build_world
from luna.worlds.macros import resolve
from luna.worlds.markup import plain_prose
from luna.worlds.names import slug, unique


def words(text: str) -> int:
    return len(text.split())


def lore(name: str = "a", **fields: object) -> Lore:
    return Lore.model_validate({"id": name, "text": "one two three", **fields})


def fires(text: str, **fields: object) -> bool:
    return bool(activate([lore(**fields)], text, 100, words).fired)


@pytest.mark.parametrize(
    ("fields", "text", "expected"),
    [
        ({"keys": ["Light"]}, "the lighthouse", True),
        ({"keys": ["light"], "whole_words": True}, "the lighthouse", False),
        ({"keys": ["light"], "whole_words": True}, "Light, at last", True),
        ({"keys": ["sea cave"], "whole_words": True}, "in the sea caves", True),
        ({"keys": ["Perrin"], "case_sensitive": True}, "perrin", False),
        ({"keys": ["/smuggl(er|ing)s?/i"]}, "SMUGGLERS", True),
        ({"keys": ["/smuggl(er|ing)s?/"]}, "SMUGGLERS", False),
        ({"keys": ["/a\\/b/"]}, "x a/b y", True),
        ({"keys": ["/usr/bin/x"]}, "in /usr/bin/x", True),
        ({"keys": []}, "anything", False),
        ({"keys": [], "constant": True}, "", True),
        ({"keys": ["潮"]}, "春の潮", True),
    ],
)
def test_keys(fields: dict[str, object], text: str, expected: bool) -> None:
    assert fires(text, **fields) is expected


@pytest.mark.parametrize(
    ("logic", "expected"),
    [
        ("and_any", (False, True, True)),
        ("and_all", (False, False, True)),
        ("not_any", (True, False, False)),
        ("not_all", (True, True, False)),
    ],
)
def test_secondary_keys(logic: str, expected: tuple[bool, ...]) -> None:
    texts = ("cave", "cave tide", "cave tide moon")
    fields = {"keys": ["cave"], "secondary_keys": ["tide", "moon"], "logic": logic}
    assert tuple(fires(text, **fields) for text in texts) == expected


def test_order_and_budget() -> None:
    entries = [
        lore("low", keys=["x"], order=1),
        lore("high", keys=["x"], order=200),
        lore("long", keys=["x"], order=150, text="word " * 50),
        lore("always", constant=True, order=0),
        lore("other", keys=["y"]),
    ]
    outcome = activate(entries, "x", 9, words)
    assert [f.entry.id for f in outcome.fired] == ["always", "high", "low"]
    assert outcome.tokens == 9
    assert [d.entry.id for d in outcome.dropped] == ["long"]
    assert "over budget" in outcome.dropped[0].reason
    assert outcome.fired[1].reason == "key “x”"


def test_bad_and_slow_patterns_are_dropped_with_a_reason() -> None:
    entries = [lore(f"slow{i}", keys=["/(a+)+$/"]) for i in range(40)]
    entries += [lore("broken", keys=["/(/"]), lore("good", keys=["/b/"])]
    start = time.perf_counter()
    outcome = activate([entries[-1], entries[-2], *entries[:-2]], "a" * 5000 + "b", 100, words)
    assert time.perf_counter() - start < 3
    assert [f.entry.id for f in outcome.fired] == ["good"]
    reasons = {d.entry.id: d.reason for d in outcome.dropped}
    assert "cannot be read" in reasons["broken"]
    assert "too long" in reasons.get("slow39", "too long")


def test_patterns_are_told_from_paths() -> None:
    assert pattern_of("/a b/gi") == ("a b", "gi")
    assert pattern_of("/usr/bin") is None
    assert pattern_of("/") is None
    assert pattern_of("//") is None
    assert pattern_of("plain") is None


def test_many_entries_are_quick() -> None:
    entries = [lore(str(i), keys=[f"key{i}.", f"other{i}."]) for i in range(20_000)]
    start = time.perf_counter()
    outcome = activate(entries, "key19999. " + "word " * 800, 100, words)
    assert time.perf_counter() - start < 2
    assert [f.entry.id for f in outcome.fired] == ["19999"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{char}} and <BOT> see {{USER}}.", "Mara and Mara see you."),
        ("{{user}} walks. {{user}}'s hat is wet.", "You walk. Your hat is wet."),
        (
            "Then {{user}} goes, tries, watches and {{user}} is gone.",
            "Then you go, tries, watches and you are gone.",
        ),
        ("{{user}} always knows; {{user}} does.", "You always knows; you do."),
        ('"Wait," says {{char}}. "{{user}} was late."', '"Wait," says Mara. "You were late."'),
        ("{{random:red,blue}} {{pick::a::b}}{{newline}}x", "red a\nx"),
        ("{{random:{{char}},x}}", "Mara"),
        ("{{// a note}}left", "left"),
        ("no macros < here {", "no macros < here {"),
    ],
)
def test_macros(text: str, expected: str) -> None:
    assert resolve(text, char="Mara").text == expected


def test_macros_for_a_player_with_a_name() -> None:
    assert resolve("{{user}} walks. {{user}}'s hat.", user="Robin").text == "Robin walks. Robin's hat."


def test_markup_goes() -> None:
    marked = '# Head\n**bold** *act* <b>x</b> ![i](http://x/y.png)\n---\n> said\n[Mara= "a", "b"]\n\n\n\nend'
    assert plain_prose(marked) == "Head\nbold act x\n\nsaid\nMara: a, b.\n\nend"
    assert plain_prose('Clothes("coat" + "boots")') == "Clothes: coat, boots."
    assert plain_prose('The ship ("Heron") sank.') == 'The ship ("Heron") sank.'
    assert plain_prose("2 < 3 and 5 > 4") == "2 < 3 and 5 > 4"


def test_ids() -> None:
    assert slug("Zoë O'Neil the 1st!") == "zoe-oneil-the-1st"
    assert slug("", "lore").startswith("lore-")
    assert unique("a", {"a", "a-2"}) == "a-3"
    assert unique("player", set()) == "player-2"


def test_a_world_of_many_parts() -> None:
    people = [
        Character(id="ann", name="Ann"),
        Character(id="ann", name="Ann too"),
        Character(id="player", name="P"),
    ]
    entries = [lore("x", keys=["k"]), lore("x", keys=["k"]), lore("x", keys=["k"], text="other")]
    world = build_world(
        " Title ", "Premise.", people, entries, Style(tone="noir", language="de"), opening="Go."
    )
    assert [c.id for c in world.characters] == ["ann", "ann-2", "player-2"]
    assert [(entry.id, entry.text) for entry in world.lore] == [("x", "one two three"), ("x-2", "other")]
    assert (world.title, world.tone, world.language, world.opening) == ("Title", "noir", "de", "Go.")
    assert build_world("", "").title == "Untitled"
