"""Long stories to measure with, kept through the product's own functions.

A story is what players leave behind: a cast that grows, things that change hands, people who learn and
quarrel, the narrator's own notes, about a hundred words a turn, a take here and a branch there.
"""

import random
from dataclasses import dataclass, field
from datetime import timedelta

import measuring  # noqa: F401  (puts the product on the path)

from luna.costs import store as ledger
from luna.costs.tables import LedgerEntryRow
from luna.kernel.database import Transaction
from luna.kernel.runtime import Runtime
from luna.kernel.values import new_id, now
from luna.memory import store as memory
from luna.narrator import service as narrator
from luna.story import branches, turn_store
from luna.story import service as stories
from luna.story import store as story_store
from luna.story.tables import BranchRow, TellingRow
from luna.story.types import AgentTrace, BranchRequest, NewTurn, StoryParts, TellingRequest, TurnNotes
from luna.turns.events import (
    Dropped,
    Introduced,
    Learned,
    MoodChanged,
    Moved,
    Noted,
    RelationshipChanged,
    TimePassed,
    Took,
    WorldEvent,
    WorldState,
    rebuild,
)
from luna.turns.types import Action, Plan, PlanBeat
from luna.turns.world import Style

OWNER = "local"
HOLDER = "bench:1"
BATCH = 200
BACK = timedelta(days=2)
"""The story was played some days ago: today's events of its tellings are not there any more."""
VERBS = [
    "watched",
    "carried",
    "hid",
    "counted",
    "sold",
    "mended",
    "feared",
    "followed",
    "answered",
    "burned",
    "found",
    "lost",
    "opened",
    "crossed",
]
NOUNS = [
    "lantern",
    "ledger",
    "bell",
    "tide",
    "quay",
    "harbour",
    "rope",
    "chain",
    "letter",
    "coin",
    "door",
    "window",
    "roof",
    "stair",
    "mill",
    "wheel",
    "oar",
    "boat",
    "net",
    "barrel",
    "knife",
    "candle",
    "fire",
    "rain",
    "wind",
    "fog",
    "stone",
    "wall",
    "bridge",
    "road",
    "field",
    "orchard",
    "well",
    "cellar",
    "attic",
    "key",
    "lock",
    "map",
    "compass",
    "clock",
    "mirror",
    "coat",
    "glove",
    "boot",
    "ring",
    "crown",
    "seal",
    "book",
    "page",
    "ink",
    "bread",
    "salt",
    "wine",
    "fish",
    "gull",
    "dog",
    "horse",
    "cart",
    "hammer",
    "nail",
    "saw",
    "plank",
    "tar",
    "smoke",
    "ash",
    "bone",
    "grave",
    "church",
    "tower",
    "foundry",
    "furnace",
    "bronze",
    "iron",
    "copper",
    "glass",
]
ADJECTIVES = [
    "old",
    "wet",
    "cold",
    "broken",
    "quiet",
    "narrow",
    "heavy",
    "bright",
    "dark",
    "hollow",
    "crooked",
    "patient",
    "bitter",
    "empty",
    "distant",
    "sudden",
    "careful",
    "ragged",
    "pale",
    "green",
    "rusted",
    "silent",
    "stubborn",
    "tired",
    "honest",
    "false",
    "gentle",
    "warm",
    "strange",
    "familiar",
]
ENDINGS = (
    "and nobody spoke of it.",
    "as if it had been agreed on.",
    "before the tide turned.",
    "and the {adj} {noun} with it.",
    "while {name} looked the other way.",
    "for the {adj} {noun} by the {noun2}.",
)
SYLLABLES = ["ka", "lo", "mi", "ren", "sa", "tor", "vel", "an", "dri", "os", "phe", "wyn", "bar", "ge", "hu"]
MOODS = ("wary", "glad", "tired", "angry", "hopeful")


@dataclass
class Invention:
    """Makes actions, prose and events that fit the world as it stands."""

    dice: random.Random
    story: StoryParts
    state: WorldState = field(default_factory=WorldState)

    def action(self) -> str:
        """Something a player would type."""
        dice, people = self.dice, [p.name for i, p in self.state.characters.items() if i != "player"]
        name, noun = dice.choice(people), dice.choice(NOUNS)
        return dice.choice(
            (
                f"ask {name} about the {noun}",
                f"look at the {dice.choice(ADJECTIVES)} {noun}",
                f"go to the {dice.choice(list(self.state.places.values()))} and look for the {noun}",
                f"tell {name} that the {noun} is gone and the {dice.choice(NOUNS)} with it",
                f"take the {noun} to {name} before the tide comes in",
            )
        )

    def prose(self, action: str) -> str:
        """About a hundred words; the action's own words come up again, as they do."""
        dice, said, words = self.dice, [f"You {action}."], 0
        people = [p.name for p in list(self.state.characters.values())[-12:]]
        while words < 95:
            name, noun, noun2 = dice.choice(people), dice.choice(NOUNS), dice.choice(NOUNS)
            end = dice.choice(ENDINGS).format(
                adj=dice.choice(ADJECTIVES), noun=dice.choice(NOUNS), noun2=noun2, name=dice.choice(people)
            )
            said.append(
                f"{name.capitalize()} {dice.choice(VERBS)} the {dice.choice(ADJECTIVES)} {noun} near the {noun2}, {end}"
            )
            words = sum(len(s.split()) for s in said)
        return " ".join(said[:4]) + "\n\n" + " ".join(said[4:])

    def events(self, number: int) -> tuple[WorldEvent, ...]:
        """What changes in a turn: a handful of events, a newcomer at times."""
        dice = self.dice
        people, places = list(self.state.characters), list(self.state.places)
        who, item = dice.choice(people), dice.choice(list(self.state.items))
        made: list[WorldEvent] = [TimePassed(minutes=dice.randint(1, 20))]
        if number % 40 == 7:
            name = "".join(dice.choices(SYLLABLES, k=3)).capitalize()
            made.append(
                Introduced(
                    entity="character", id=f"{name.lower()}-{number}", name=name, at=dice.choice(places)
                )
            )
        if number % 25 == 3:
            noun = f"{dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}"
            made.append(Introduced(entity="item", id=f"thing-{number}", name=noun, at=dice.choice(places)))
        if number % 90 == 11:
            made.append(
                Introduced(
                    entity="place",
                    id=f"place-{number}",
                    name=f"{dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}",
                )
            )
        made.append(Moved(who=dice.choice((who, "player")), to=dice.choice(places)))
        kind = number % 4
        if kind == 0:
            made.append(Took(who="player", item=item))
        elif kind == 1:
            made.append(Dropped(who="player", item=item, at=dice.choice(places)))
        elif kind == 2:
            made.append(
                RelationshipChanged(
                    who=who,
                    toward="player",
                    affinity=dice.randint(-4, 4),
                    trust=dice.randint(-4, 4),
                    cause="a word",
                )
            )
        else:
            made.append(MoodChanged(who=who, mood=dice.choice(MOODS)))
        if dice.random() < 0.4:
            fact = f"The {dice.choice(ADJECTIVES)} {dice.choice(NOUNS)} was {dice.choice(VERBS)} by {who} on day {number}."
            made.append(Learned(who=dice.choice(("player", "player", who)), fact=fact, source=who))
        made.append(self.notes(number))
        return tuple(made)

    def notes(self, number: int) -> Noted:
        """The narrator's bookkeeping: what it told lately, forgotten after forty turns."""
        told = {name: [f"{self.dice.getrandbits(24):06x}" for _ in range(4)] for name in "pso"}
        recent = {f"t:{number}": told, f"t:{number - 40}": None}
        return Noted(teller="narrator", notes={"turn": number, "tension": number % 10, **recent})


async def invent(runtime: Runtime, turns: int, seed: str) -> tuple[str, Invention]:
    """A story whose last turn has the number `turns`, in the database; with what made it, to go on."""
    world = narrator.builtin_world("low_hythe")
    async with runtime.db.begin() as tx:
        story = await stories.create(tx, OWNER, f"Measured {turns}", "", seed, world, Style())
    made = Invention(random.Random(seed), story)
    for first in range(0, turns + 1, BATCH):
        async with runtime.db.begin() as tx:
            _, branch = await stories.pick_branch(tx, OWNER, story.story_id, None, lock=True)
            for number in range(first, min(first + BATCH, turns + 1)):
                await _turn(tx, made, branch, number)
        if first and first % 1000 == 0:
            await _fork(runtime, made, first)
    return story.story_id, made


async def _turn(tx: Transaction, made: Invention, branch: BranchRow, number: int) -> None:
    """The next turn of a branch, and now and then a second take of it."""
    before, parent = made.state, branch.head
    action = Action(text=made.action()) if parent else Action(mode="opening")
    for retakes in range(2 if number % 50 == 49 else 1):
        events = made.events(number) if parent else narrator.initial_events(made.story.world)
        made.state = rebuild(before, events)
        await _keep(tx, made, branch, _new(made, parent, action, retakes, events))


def _new(
    made: Invention, parent: str | None, action: Action, retakes: int, events: tuple[WorldEvent, ...]
) -> NewTurn:
    prose = made.prose(action.text or "wake")
    path = action.dice(made.story.seed, retakes).path
    return NewTurn(
        turn_id=new_id(),
        parent_id=parent,
        action=action,
        retakes=retakes,
        path=path,
        prose=prose,
        status="done",
        events=events,
        notes=_notes(prose),
    )


async def _keep(tx: Transaction, made: Invention, branch: BranchRow, new: NewTurn) -> None:
    """What `story.service.append` and its callers write for a turn, without asking for the same rows again."""
    story_id, moment, request = made.story.story_id, now() - BACK, TellingRequest(action=new.action)
    row = await turn_store.append(tx, story_id, new, made.state)
    traces = [
        AgentTrace(
            agent=agent, engine="openai-compatible/bench", given={"turn": new.prose * 2}, answered=new.prose
        )
        for agent in ("researcher", "strategist", "writer")
    ]
    await turn_store.add_traces(tx, row.id, traces)
    await story_store.record_move(tx, branch, "retake" if new.retakes else "turn", to_turn=row.id)
    tx.add(
        TellingRow(
            id=row.id,
            story_id=story_id,
            branch_id=branch.id,
            owner=OWNER,
            parent_id=new.parent_id,
            request=request.model_dump(mode="json"),
            status="done",
            holder=HOLDER,
            created_at=moment,
            finished_at=moment,
        )
    )
    for agent in ("strategist", "writer"):
        ledger.add_entry(tx, _entry(story_id, row.id, agent))
    body = f"{row.action}\n\n{row.prose}"
    await memory.keep(tx, turn_id=row.id, story_id=story_id, segment=row.segment, depth=row.depth, body=body)


def _notes(prose: str) -> TurnNotes:
    return TurnNotes(
        engines={"strategist": "openai-compatible/bench", "writer": "openai-compatible/bench"},
        suggestions=("Look around", "Ask about the bell", "Go to the quay"),
        briefing={"items": [{"kind": "turn", "text": prose[:200], "reason": "shares 2 words"}] * 6},
        plan=Plan(beats=(PlanBeat(what=prose[:80]), PlanBeat(what=prose[80:160]))),
    )


def _entry(story_id: str, turn_id: str, agent: str) -> LedgerEntryRow:
    moment = now() - BACK
    return LedgerEntryRow(
        id=new_id(),
        owner=OWNER,
        story_id=story_id,
        turn_id=turn_id,
        agent=agent,
        purpose="turn",
        provider="openai-compatible",
        model="bench",
        month=ledger.month_of(moment),
        fresh=900,
        cached=0,
        written=0,
        output=200,
        price={"source": "local"},
        cost_nanos=0,
        status="settled",
        estimated=False,
        boot="bench",
        created_at=moment,
    )


async def _fork(runtime: Runtime, made: Invention, number: int) -> None:
    """Another branch of five turns from some turns ago; the story goes on where it was."""
    kept, story_id = made.state, made.story.story_id
    wanted = BranchRequest(branch_name=f"Otherwise {number}", from_turn_number=number - 30)
    other = await branches.fork(runtime, OWNER, story_id, wanted)
    async with runtime.db.begin() as tx:
        _, branch = await stories.pick_branch(tx, OWNER, story_id, other.branch_id, lock=True)
        for step in range(5):
            await _turn(tx, made, branch, number - 29 + step)
    made.state = kept
