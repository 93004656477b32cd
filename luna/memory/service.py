"""Memory: what the next turn needs to know of what happened and what is true.

Thin so far: lexical search over the branch's own past, the cast, the lore that fires, and what was learned,
packed by score into the budget.
"""

from luna.kernel.database import Transaction
from luna.memory import store
from luna.memory.packing import Count, best_passage, from_cast, from_knowledge, pack, ranked, words_of
from luna.narrator import service as narrator
from luna.story import service as story_service
from luna.story.types import Head, Lineage, StoryParts, Turn
from luna.turns.types import Action, Briefing, BriefingItem
from luna.worlds.activation import activate

FOUND = 150
"""Turns looked up for each word of an action."""
LOOKED_AT = 24
"""Turns whose text is read, to find the passage in them."""
REMEMBERED = 12
LORE_SHARE = 0.6


async def brief(
    tx: Transaction, story: StoryParts, head: Head, action: Action, budget: int, count: Count
) -> Briefing:
    """The briefing for an action at a place in the tree: at most `budget` tokens, each item with its reason.

    Only turns on the way from the opening to this place are remembered: no other timeline is looked at.
    """
    recent = await story_service.recent(tx, story.story_id, head.lineage, head.number, 2)
    lately = " ".join(turn.prose for turn in recent)
    named = [i for i in narrator.entities(story.world, action.text) if i != "player"]
    words = words_of(action.text)
    world = narrator.readable_world(story.world)
    candidates = from_cast(world, head.state, named) + from_knowledge(head.state, words)
    scanned = f"{lately}\n{action.text}"
    fired = activate(world.lore, scanned, int(budget * LORE_SHARE), count)
    for rank, hit in enumerate(fired.fired):
        candidates.append(
            BriefingItem(
                kind="lore",
                source=f"lore:{hit.entry.id}",
                text=hit.entry.text,
                reason=hit.reason,
                score=5.5 - min(rank, 20) * 0.1,
            )
        )
    oldest_recent = recent[0].number if recent else head.number + 1
    candidates += await _remembered(tx, story, head.lineage, oldest_recent, words)
    return pack(candidates, recent, budget, count)


async def _remembered(
    tx: Transaction, story: StoryParts, past: Lineage, before: int, words: list[str]
) -> list[BriefingItem]:
    """Passages of earlier turns of this timeline that share words with the action."""
    on_the_way = {part.segment: part for part in past.parts}
    by_word = [
        [hit for hit in hits if (part := on_the_way.get(hit.segment)) and part.after < hit.depth <= part.upto]
        for hits in await store.search(tx, story.story_id, words, before, FOUND)
    ]
    best = ranked(by_word, before)[:LOOKED_AT]
    bodies = await store.bodies(tx, [hit.number for hit in best])
    found: list[BriefingItem] = []
    for hit in best:
        passage, shared = best_passage(bodies[hit.number], words)
        if shared:
            found.append(
                BriefingItem(
                    kind="turn",
                    source=f"turn:{hit.turn_id}",
                    text=f"Turn {hit.depth}: {passage}",
                    reason=f"shares {shared} word{'s' if shared > 1 else ''} with the action",
                    score=2.0 + shared * 0.8,
                    turns=(hit.depth,),
                )
            )
        if len(found) == REMEMBERED:
            break
    return found


async def absorb(tx: Transaction, turn: Turn, segment: str) -> None:
    """Make a turn findable, in the transaction that keeps it."""
    await store.keep(
        tx,
        turn_id=turn.turn_id,
        story_id=turn.story_id,
        segment=segment,
        depth=turn.turn_number,
        body=body_of(turn),
    )


async def revise(tx: Transaction, turn: Turn) -> None:
    """A turn has other words now."""
    await store.change(tx, turn.turn_id, body_of(turn))


def body_of(turn: Turn) -> str:
    """What of a turn can be searched: what the player did and what was told."""
    return f"{turn.action}\n\n{turn.narrative_text}".strip()
