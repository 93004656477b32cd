"""Who says what, by what the text makes clear and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luna.staging.breaking import MAX_LINE, clipped, short_lines
from luna.staging.speech import lines
from luna.staging.types import CastMember
from luna.turns.events import PLAYER

CAST = (
    CastMember(id=PLAYER, name="you"),
    CastMember(id="mara", name="Mara", full_name="Mara Vell", pronouns="she"),
    CastMember(id="inn", name="the innkeeper", aliases=("Old Tom",), pronouns="he"),
    CastMember(id="ace", name='Zoë "Ace" O\'Neil', aliases=("Ace",)),
    CastMember(id="ming", name="明"),
)


def said(prose: str, person: int = 2) -> list[tuple[str | None, str]]:
    """The lines as pairs."""
    return [(line.speaker, line.text) for line in lines(prose, CAST, person)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("“Sit down,” Mara says. “It is late.”", [("mara", "Sit down."), ("mara", "It is late.")]),
        ("“Sit,” Mara says, “and wait.”", [("mara", "Sit, and wait.")]),
        ("“Who?” asks the innkeeper. Nobody answers.", [("inn", "Who?"), (None, "Nobody answers.")]),
        ("“Ale?” Old Tom calls.", [("inn", "Ale?")]),
        ("Mara leans in and says, “Go.”", [(None, "Mara leans in and says:"), ("mara", "Go.")]),
        ("Mara looks up. “You again?” You nod.", [(None, "Mara looks up."), ("mara", "You again?"), (None, "You nod.")]),
        ("“Late,” Mara Vell says, wiping a glass.", [("mara", "Late."), (None, "Mara Vell says, wiping a glass.")]),
        ("\"Hello,\" you say quietly.", [(PLAYER, "Hello.")]),
        ("“No.” Mara says, “Never.”", [("mara", "No."), ("mara", "Never.")]),
        ("Mara waits. She shrugs.\n\n“Perhaps,” she says.", [(None, "Mara waits. She shrugs."), ("mara", "Perhaps.")]),
        ("明说：“你好。”", [(None, "明说："), ("ming", "你好。")]),
        ("«Bonsoir», Mara says.", [(None, "«Bonsoir», Mara says.")]),
        ("For a while Mara only breathes. Then: “Go.”", [(None, "For a while Mara only breathes. Then:"), ("mara", "Go.")]),
        ("“Fine,” says Ace.", [("ace", "Fine.")]),
    ],
)  # fmt: skip
def test_speech_is_given_to_its_speaker(prose: str, expected: list[tuple[str | None, str]]) -> None:
    assert said(prose) == expected


@pytest.mark.parametrize(
    "prose",
    [
        "The sign above the door reads “Closed”.",
        "Mara points at the sign that reads “Closed”.",
        "“Nobody knows.” It is a voice from the dark.",
        "“Help,” she says.",
        "“Fine,” says a stranger.",
        "The innkeeper turns away. “Fine.” Mara turns as well.",
        "An odd “ quotation mark, and another ”",
        "She called it \"home\" once.",
        "Mara says nothing.",
        "Mara and Old Tom wait. Then: “Go.”",
        "Mara points. The sign reads: “Closed.”",
    ],
)  # fmt: skip
def test_unclear_speech_stays_narration_with_its_marks(prose: str) -> None:
    got = said(prose)
    assert {speaker for speaker, _ in got} == {None}
    assert " ".join(text for _, text in got) == prose


def test_first_person_is_the_player() -> None:
    assert said("“Now,” I say.", 1) == [(PLAYER, "Now.")]
    assert said("“Now,” I say.", 2) == [(None, "“Now,” I say.")]


def test_a_shared_name_is_nobodys() -> None:
    twins = (CastMember(id="a", name="Ann"), CastMember(id="b", name="Ann"))
    assert [line.speaker for line in lines("“Me,” says Ann.", twins)] == [None]


def test_pronouns_need_exactly_one_candidate() -> None:
    cast = (*CAST, CastMember(id="eve", name="Eve", pronouns="she"))
    got = lines("Mara and Eve sit down.\n\n“Well,” she says.", cast)
    assert {line.speaker for line in got} == {None}


PROSE = st.lists(
    st.sampled_from(["Mara", "says", "“Yes,”", "“No.”", '"', "“", "”", "you", ".", ",", "the innkeeper", "\n\n", "명", "asks", ":"])
    | st.text(max_size=8),
    max_size=30,
).map(" ".join)  # fmt: skip


@given(PROSE)
def test_nothing_is_invented_and_little_is_lost(prose: str) -> None:
    """Letters of the lines appear in the prose in the same order; without a cast none is lost."""
    kept = iter(prose.casefold())
    for line in lines(prose, CAST):
        assert all(letter in kept for letter in line.text.casefold() if letter.isalnum())
    told = "".join(line.text for line in lines(prose, ()))
    assert [c for c in told.casefold() if c.isalnum()] == [c for c in prose.casefold() if c.isalnum()]


@given(st.text(max_size=2000) | st.text(alphabet="a é.́👩‍👧\u4e2d 。", max_size=3000))
def test_short_lines_fit_and_keep_the_words(text: str) -> None:
    parts = short_lines(text)
    assert all(part.strip() for part in parts)
    assert all(len(part) <= MAX_LINE * 16 for part in parts)
    if max(map(len, text.split(" ")), default=0) < 15:
        assert [c for c in "".join(parts) if c.isalnum()] == [c for c in text if c.isalnum()]


def test_sentences_stay_together_and_letters_whole() -> None:
    text = "Short one. " * 60
    parts = short_lines(text.strip())
    assert all(part.endswith("one.") and len(part) <= MAX_LINE for part in parts)
    family = "👩‍👩‍👧" * 500
    assert all(part.replace("👩‍👩‍👧", "") == "" for part in short_lines(family))
    assert short_lines("我" * 100 + "。" + "你" * 200) == ["我" * 100 + "。", "你" * 200]
    assert len(short_lines("x" * 1000)) == 5
    assert short_lines(" ") == []


def test_clipped_ends_at_a_word() -> None:
    assert clipped("open  the\ndoor", 100) == "open the door"
    assert clipped("word " * 50, 20) == "word word word word…"
    assert clipped("x" * 50, 10) == "xxxxxxxxx…"
