"""The text of every turn for searching: FTS5 on SQLite, a tsvector on PostgreSQL, kept by the database."""

import sqlalchemy as sa
from sqlalchemy import DDL, event
from sqlalchemy.orm import Mapped, mapped_column

from luna.kernel.database import Base


class TurnTextRow(Base):
    """What a turn says, beside its place in the tree, so that a search can leave other timelines out."""

    __tablename__ = "memory_text"
    __table_args__ = (sa.Index("ix_memory_text_story_id_depth", "story_id", "depth"),)
    number: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    turn_id: Mapped[str] = mapped_column(sa.ForeignKey("turn.id", ondelete="CASCADE"), unique=True)
    story_id: Mapped[str] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"))
    segment: Mapped[str] = mapped_column(sa.String(36))
    depth: Mapped[int]
    body: Mapped[str] = mapped_column(sa.Text)


SQLITE_SEARCH = (
    "CREATE VIRTUAL TABLE memory_fts USING fts5"
    "(body, content='memory_text', content_rowid='number', tokenize='porter unicode61')",
    "CREATE TRIGGER memory_text_added AFTER INSERT ON memory_text BEGIN"
    " INSERT INTO memory_fts(rowid, body) VALUES (new.number, new.body); END",
    "CREATE TRIGGER memory_text_removed AFTER DELETE ON memory_text BEGIN"
    " INSERT INTO memory_fts(memory_fts, rowid, body) VALUES ('delete', old.number, old.body); END",
    "CREATE TRIGGER memory_text_changed AFTER UPDATE OF body ON memory_text BEGIN"
    " INSERT INTO memory_fts(memory_fts, rowid, body) VALUES ('delete', old.number, old.body);"
    " INSERT INTO memory_fts(rowid, body) VALUES (new.number, new.body); END",
)
POSTGRES_SEARCH = (
    "ALTER TABLE memory_text ADD COLUMN lexemes tsvector"
    " GENERATED ALWAYS AS (to_tsvector('english', body)) STORED",
    "CREATE INDEX ix_memory_text_lexemes ON memory_text USING gin (lexemes)",
)

for _dialect, _statements in (("sqlite", SQLITE_SEARCH), ("postgresql", POSTGRES_SEARCH)):
    for _statement in _statements:
        event.listen(
            Base.metadata.tables["memory_text"],
            "after_create",
            DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),
        )
event.listen(
    Base.metadata.tables["memory_text"],
    "after_drop",
    DDL("DROP TABLE IF EXISTS memory_fts").execute_if(dialect="sqlite"),
)
