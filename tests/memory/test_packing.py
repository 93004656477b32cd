"""Packing a briefing: the best that fits, each with its reason, and nothing of another timeline."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from served import make_runtime

from luna.kernel.database import Database
from luna.kernel.runtime import Runtime
from luna.memory import service as memory
from luna.memory.packing import best_passage, pack, shortened, words_of
from luna.narration import service as narration
from luna.narration.desk import Desk
from luna.narration.types import NewStory
from luna.story import branches, turns
from luna.story import service as stories
from luna.story.types import BranchRequest, TellingRequest, TurnEdit
from luna.turns.types import Action, BriefingItem, RecentTurn

OWNER = "local"


def count(text: str) -> int:
    return len(text.split())


items = st.builds(
    BriefingItem,
    kind=st.just("fact"),
    source=st.text("abc", min_size=1, max_size=4),
    text=st.lists(st.sampled_from(["tide", "bell", "key"]), max_size=30).map(" ".join),
    reason=st.just("because"),
    score=st.floats(0, 10),
)


@given(st.lists(items, max_size=30), st.integers(0, 60))
def test_the_budget_is_a_ceiling(candidates: list[BriefingItem], budget: int) -> None:
    packed = pack(candidates, (), budget, count)
    assert packed.tokens == sum(count(i.text) for i in packed.items) <= budget
    assert len({i.text for i in packed.items}) == len(packed.items)


def test_the_best_come_first_and_what_does_not_fit_is_named() -> None:
    made = [
        BriefingItem(kind="fact", source=f"f{n}", text=" ".join(["word"] * 5 + [str(n)]), reason="r", score=n)
        for n in range(5)
    ]
    packed = pack(made, (), 18, count)
    assert [i.source for i in packed.items] == ["f4", "f3", "f2"]
    assert [i.source for i in packed.dropped] == ["f1", "f0"]


def test_the_last_turns_are_cut_from_their_beginnings() -> None:
    long = " ".join(f"Sentence {n} is here." for n in range(200))
    kept = shortened([RecentTurn(number=1, action="", prose=long)], 60, count)
    assert kept[0].prose.endswith("Sentence 199 is here.")
    assert count(kept[0].prose) <= 60


def test_a_passage_is_the_part_that_shares_the_words() -> None:
    body = (
        "The fog comes in. Ines hides the brass key under the third step. Nobody sees it. The bell is silent."
    )
    assert best_passage(body, words_of("where is the brass key?"))[0].startswith("Ines hides the brass key")
    assert best_passage(body, words_of("a dragon"))[1] == 0


def test_common_words_find_nothing() -> None:
    assert words_of("what is it that you have with me") == []


@pytest_asyncio.fixture
async def played(database: Database, tmp_path: Path) -> AsyncIterator[tuple[Runtime, Desk, str]]:
    """A story with an opening, once on each database."""
    runtime = make_runtime(database, tmp_path)
    await runtime.settings.change({"enable_image_generation": False, "suggestions": "off"})
    desk = Desk(runtime)
    telling = await narration.begin_story(runtime, desk, OWNER, NewStory(world_id="low_hythe", seed="5"))
    await desk.wait(telling)
    yield runtime, desk, telling.story_id


async def told(
    runtime: Runtime, desk: Desk, story: str, text: str, prose: str, branch: str | None = None
) -> str:
    """A turn whose wording is known."""
    request = TellingRequest(action=Action(text=text))
    turn = await desk.wait(await desk.act(OWNER, story, branch, request))
    edit = TurnEdit(narrative_text=prose)
    await narration.edit_turn(runtime, OWNER, story, turn.turn_id, edit, branch)
    return turn.turn_id


async def remembered(runtime: Runtime, story: str, text: str, branch: str | None = None) -> str:
    """What the briefing of an action says of earlier turns."""
    async with runtime.db.read() as tx:
        _, row = await stories.pick_branch(tx, OWNER, story, branch)
        parts = await stories.parts(tx, OWNER, story)
        head = await stories.head_of(tx, parts, row.head)
        briefing = await memory.brief(tx, parts, head, Action(text=text), 400, count)
    assert briefing.tokens <= 400
    found = [i for i in briefing.items if i.kind == "turn"]
    assert all(i.reason and i.turns for i in found)
    return " ".join(i.text for i in found)


async def test_an_early_turn_is_found_on_its_own_timeline_only(played: tuple[Runtime, Desk, str]) -> None:
    runtime, desk, story = played
    await told(runtime, desk, story, "wait", "A zeppelin settles on the mill like a tired cow.")
    side = await branches.fork(runtime, OWNER, story, BranchRequest(branch_name="side", from_turn_number=0))
    await told(runtime, desk, story, "wait", "A walrus recites the harbour rules.", side.branch_id)
    for _ in range(3):
        await told(runtime, desk, story, "wait", "Nothing much.")
        await told(runtime, desk, story, "wait", "Nothing much.", side.branch_id)
    assert "tired cow" in await remembered(runtime, story, "look for the zeppelin")
    assert await remembered(runtime, story, "look for the walrus") == ""
    assert "harbour rules" in await remembered(runtime, story, "look for the walrus", side.branch_id)
    assert await remembered(runtime, story, "look for the zeppelin", side.branch_id) == ""


async def test_undone_and_edited_turns_are_found_as_they_stand(played: tuple[Runtime, Desk, str]) -> None:
    runtime, desk, story = played
    turn = await told(runtime, desk, story, "wait", "A zeppelin settles on the mill.")
    for _ in range(3):
        await told(runtime, desk, story, "wait", "Nothing much.")
    await narration.edit_turn(
        runtime, OWNER, story, turn, TurnEdit(narrative_text="A heron settles on the mill."), None
    )
    assert await remembered(runtime, story, "look for the zeppelin") == ""
    assert "heron" in await remembered(runtime, story, "look for the heron")
    await narration.undo(runtime, OWNER, story, None)
    assert "zeppelin" in await remembered(runtime, story, "look for the zeppelin")
    await turns.delete_after(runtime, OWNER, story, 0)
    assert await remembered(runtime, story, "look for the zeppelin") == ""
