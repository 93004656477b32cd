"""Queries on the text of turns."""

import sqlalchemy as sa

from luna.kernel.database import Transaction
from luna.memory.tables import TurnTextRow
from luna.memory.types import Match


async def keep(tx: Transaction, *, turn_id: str, story_id: str, segment: str, depth: int, body: str) -> None:
    """Make a turn findable."""
    tx.add(TurnTextRow(turn_id=turn_id, story_id=story_id, segment=segment, depth=depth, body=body))
    await tx.flush()


async def change(tx: Transaction, turn_id: str, body: str) -> None:
    """A turn was edited: it is found by its new words."""
    await tx.execute(
        sa.update(TurnTextRow)
        .where(TurnTextRow.turn_id == turn_id)
        .values(body=body)
        .execution_options(synchronize_session=False)
    )


async def search(tx: Transaction, story_id: str, words: list[str], before: int, most: int) -> list[Match]:
    """Turns of a story (of all its timelines) with any of the words, numbered below `before`, best first.

    `words` are plain lower-case words. Scores grow with relevance and compare within one answer only.
    """
    if not words:
        return []
    if tx.get_bind().dialect.name == "sqlite":
        query = sa.text(
            "SELECT t.turn_id, t.segment, t.depth, t.body, -bm25(memory_fts) AS score"
            " FROM memory_fts JOIN memory_text t ON t.number = memory_fts.rowid"
            " WHERE memory_fts MATCH :words AND t.story_id = :story AND t.depth < :before"
            " ORDER BY score DESC, t.depth DESC LIMIT :most"
        )
        wanted = " OR ".join(f'"{word}"' for word in words)
    else:
        query = sa.text(
            "SELECT turn_id, segment, depth, body, ts_rank(lexemes, q) AS score"
            " FROM memory_text, to_tsquery('english', :words) q"
            " WHERE lexemes @@ q AND story_id = :story AND depth < :before"
            " ORDER BY score DESC, depth DESC LIMIT :most"
        )
        wanted = " | ".join(words)
    rows = await tx.execute(query, {"words": wanted, "story": story_id, "before": before, "most": most})
    return [
        Match(turn_id=turn_id, segment=segment, depth=depth, body=body, score=float(score))
        for turn_id, segment, depth, body, score in rows
    ]
