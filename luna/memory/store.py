"""Queries on the text of turns."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from luna.kernel.database import Transaction
from luna.memory.tables import TurnTextRow
from luna.memory.types import Hit


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


async def search(
    tx: Transaction, story_id: str, words: Sequence[str], before: int, most: int
) -> list[list[Hit]]:
    """For each word the newest turns of a story (of all its timelines) that have it, numbered below `before`.

    `words` are plain lower-case words. At most `most` a word: a rare word finds all its turns, however long
    ago they were, and a word that is everywhere says little of any one, so the work stays the same in a
    long story.
    """
    if not words:
        return []
    is_sqlite = tx.get_bind().dialect.name == "sqlite"
    part = SQLITE_WORD if is_sqlite else POSTGRES_WORD
    query = " UNION ALL ".join(part.format(n=n) for n in range(len(words)))
    given = {f"w{n}": f'"{word}"' if is_sqlite else word for n, word in enumerate(words)}
    rows = await tx.execute(sa.text(query), {**given, "story": story_id, "before": before, "most": most})
    found = [list[Hit]() for _ in words]
    for row in rows:
        n: int = row[0]
        found[n].append(Hit(*row[1:]))
    return found


SQLITE_WORD = (
    "SELECT * FROM (SELECT {n} AS n, t.number, t.turn_id, t.segment, t.depth"
    " FROM memory_fts JOIN memory_text t ON t.number = memory_fts.rowid"
    " WHERE memory_fts MATCH :w{n} AND t.story_id = :story AND t.depth < :before"
    " ORDER BY memory_fts.rowid DESC LIMIT :most)"
)
POSTGRES_WORD = (
    "(SELECT {n} AS n, number, turn_id, segment, depth FROM memory_text"
    " WHERE lexemes @@ to_tsquery('english', :w{n}) AND story_id = :story AND depth < :before"
    " ORDER BY depth DESC LIMIT :most)"
)


async def bodies(tx: Transaction, numbers: Sequence[int]) -> Mapping[int, str]:
    """The texts of some rows."""
    rows = await tx.execute(
        sa.select(TurnTextRow.number, TurnTextRow.body).where(TurnTextRow.number.in_(numbers))
    )
    return {row.number: row.body for row in rows}
