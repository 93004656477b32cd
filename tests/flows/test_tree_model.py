"""Any order of acting, forking, undoing, retaking, editing and deleting, against a simple model of the tree.

The model is a dictionary of turns and, per branch, a list of heads with a cursor. After every step the whole of
every branch must read as the model says, and the state of the world must be what the events on that way add up
to: nothing of another timeline may show.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import make_runtime

from luna.kernel.database import Database
from luna.kernel.errors import Conflict
from luna.kernel.migrate import migrate
from luna.kernel.runtime import Runtime
from luna.narration import service as narration
from luna.narration.desk import Desk
from luna.narration.types import NewStory
from luna.story import branches, turn_store, turns
from luna.story.types import BranchRequest, TellingRequest, TurnEdit
from luna.turns.events import EVENTS, FlagSet, WorldState, rebuild
from luna.turns.types import Action

OWNER = "local"
ACTIONS = (
    "wait",
    "look around",
    "take the storm lantern",
    "go to the quay",
    "ask Maren about the tide",
    "drop the storm lantern",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "act",
                "act",
                "act",
                "retake",
                "undo",
                "undo",
                "redo",
                "fork",
                "switch",
                "delete",
                "edit",
                "take",
                "carry",
            ]
        ),
        st.integers(0, 50),
    ),
    min_size=5,
    max_size=25,
)


@dataclass
class Side:
    """A branch of the model: where it was, step by step, and which step it is at."""

    head: str
    moves: list[tuple[str, Any, Any]] = field(default_factory=list)
    at: int = 0

    def move(self, kind: str, before: Any, after: Any) -> None:
        self.moves[self.at :] = [(kind, before, after)]
        self.at += 1


class Model:
    """The tree as it should be."""

    def __init__(self) -> None:
        self.parent: dict[str, str | None] = {}
        self.prose: dict[str, str] = {}
        self.wordings: dict[str, list[tuple[str, list[Any]]]] = {}
        self.events: dict[str, list[Any]] = {}
        self.sides: dict[str, Side] = {}
        self.active = ""

    def way(self, head: str | None) -> list[str]:
        found: list[str] = []
        while head is not None:
            found.append(head)
            head = self.parent[head]
        return found[::-1]

    def show(self, turn: str, wording: int) -> None:
        self.prose[turn], self.events[turn] = self.wordings[turn][wording]


class Play:
    """The real thing and the model, side by side."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.desk = Desk(runtime)
        self.model = Model()
        self.story = ""
        self.shown: dict[str, int] = {}

    async def begin(self) -> None:
        telling = await narration.begin_story(
            self.runtime, self.desk, OWNER, NewStory(world_id="low_hythe", seed="3", title="Tree")
        )
        turn = await self.desk.wait(telling)
        self.story = telling.story_id
        await self.learn(turn.turn_id, None)
        self.model.sides[telling.branch_id] = Side(turn.turn_id)
        self.model.active = telling.branch_id

    async def learn(self, turn_id: str, parent: str | None) -> None:
        async with self.runtime.db.read() as tx:
            row = await turn_store.get_turn(tx, self.story, turn_id)
            assert row.parent_id == parent
            self.model.parent[turn_id] = parent
            self.model.prose[turn_id], self.model.events[turn_id] = row.prose, row.events
            self.model.wordings[turn_id] = [(row.prose, row.events)]
            self.shown[turn_id] = 0

    async def step(self, kind: str, n: int) -> None:
        side = self.model.sides[self.model.active]
        way = self.model.way(side.head)
        if kind == "act":
            request = TellingRequest(action=Action(text=ACTIONS[n % len(ACTIONS)]))
            telling = await self.desk.act(OWNER, self.story, None, request)
            turn = await self.desk.wait(telling)
            await self.learn(turn.turn_id, side.head)
            side.move("head", side.head, turn.turn_id)
            side.head = turn.turn_id
        elif kind == "retake":
            chosen = way[n % len(way)]
            turn = await self.desk.wait(await self.desk.retake(OWNER, self.story, None, chosen))
            await self.learn(turn.turn_id, self.model.parent[chosen])
            side.move("head", side.head, turn.turn_id)
            side.head = turn.turn_id
        elif kind == "undo":
            if side.at == 0 or side.moves[side.at - 1][1] is None:
                with pytest.raises(Conflict):
                    await narration.undo(self.runtime, OWNER, self.story, None)
                return
            side.at -= 1
            self.apply(side, side.moves[side.at], back=True)
            await narration.undo(self.runtime, OWNER, self.story, None)
        elif kind == "redo":
            if side.at == len(side.moves):
                with pytest.raises(Conflict):
                    await narration.redo(self.runtime, OWNER, self.story, None)
                return
            self.apply(side, side.moves[side.at], back=False)
            side.at += 1
            await narration.redo(self.runtime, OWNER, self.story, None)
        elif kind == "fork":
            number = n % len(way)
            made = await branches.fork(
                self.runtime, OWNER, self.story, BranchRequest(branch_name=f"b{n}", from_turn_number=number)
            )
            self.model.sides[made.branch_id] = Side(way[number])
        elif kind == "switch":
            self.model.active = sorted(self.model.sides)[n % len(self.model.sides)]
            await branches.switch(self.runtime, OWNER, self.story, self.model.active)
        elif kind == "delete":
            number = n % len(way)
            await turns.delete_after(self.runtime, OWNER, self.story, number)
            if way[number] != side.head:
                side.move("head", side.head, way[number])
                side.head = way[number]
        elif kind == "edit":
            await self.edit(side, way[n % len(way)], n)
        elif kind == "take":
            chosen = way[n % len(way)]
            takes = [t for t, parent in self.model.parent.items() if parent == self.model.parent[chosen]]
            wanted = takes[n % len(takes)]
            await turns.choose_take(self.runtime, OWNER, self.story, wanted)
            if wanted != side.head:
                side.move("head", side.head, wanted)
                side.head = wanted
        elif kind == "carry":
            source = sorted(self.model.parent)[n % len(self.model.parent)]
            turn = await narration.carry_over(self.runtime, OWNER, self.story, self.model.active, source)
            await self.learn(turn.turn_id, side.head)
            assert turn.narrative_text == self.model.prose[source]
            side.move("head", side.head, turn.turn_id)
            side.head = turn.turn_id

    async def edit(self, side: Side, turn: str, n: int) -> None:
        events = None
        if n % 2:
            events = (*EVENTS.validate_python(self.model.events[turn]), FlagSet(name=f"edited-{n}", value=n))
        wanted = TurnEdit(narrative_text=f"Edited {n}.", events=events)
        await narration.edit_turn(self.runtime, OWNER, self.story, turn, wanted, None)
        kept = self.model.events[turn] if events is None else EVENTS.dump_python(events, mode="json")
        self.model.wordings[turn].append((f"Edited {n}.", list(kept)))
        new = len(self.model.wordings[turn]) - 1
        side.move("edit", (turn, self.shown[turn]), (turn, new))
        self.shown[turn] = new
        self.model.show(turn, new)

    def apply(self, side: Side, move: tuple[str, Any, Any], *, back: bool) -> None:
        kind, before, after = move
        target = before if back else after
        if kind == "head":
            side.head = target
        else:
            turn, wording = target
            self.shown[turn] = wording
            self.model.show(turn, wording)

    async def check(self) -> None:
        for branch, side in self.model.sides.items():
            way = self.model.way(side.head)
            real = await turns.list_turns(
                self.runtime, OWNER, self.story, branch_id=branch, first=0, limit=200
            )
            assert [t.turn_id for t in real] == way
            assert [t.turn_number for t in real] == list(range(len(way)))
            assert [t.narrative_text for t in real] == [self.model.prose[t] for t in way]
            number = len(way) // 2
            for upto in {number, len(way) - 1}:
                state = await turns.state_at(self.runtime, OWNER, self.story, branch_id=branch, number=upto)
                told = [e for t in way[: upto + 1] for e in EVENTS.validate_python(self.model.events[t])]
                assert state == rebuild(WorldState(), told)


async def play(url: str, data: Path, steps: list[tuple[str, int]]) -> None:
    db = Database(url)
    try:
        await migrate(db)
        runtime = make_runtime(db, data)
        await runtime.settings.change({"enable_image_generation": False, "suggestions": "off"})
        story = Play(runtime)
        await story.begin()
        for kind, n in steps:
            await story.step(kind, n)
            await story.check()
        await runtime.live.close()
    finally:
        await db.close()


@pytest.mark.timeout(300)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_the_tree_is_what_the_model_says(
    database_url: str, tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    asyncio.run(play(database_url, tmp_path, steps))
