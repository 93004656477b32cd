"""How Alembic runs our migrations: on the connection that luna/kernel/migrate.py hands over.

For writing a new one: `python -m luna.migrations "what changes"`.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from luna.kernel.database import UtcTime
from luna.kernel.migrate import load_tables

metadata = load_tables()


def ours(_thing: Any, _name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether Alembic looks at it. A table nobody here declared belongs to the job engine or to the
    full-text search, which make their own: it is left alone, never dropped."""
    return not (kind == "table" and reflected and compare_to is None)


def written(kind: str, thing: Any, context_: Any) -> str | Literal[False]:
    """How a column's type is written in a migration: our own two by their names."""
    name = ""
    if kind == "type" and isinstance(thing, UtcTime):
        name = "UtcTime"
    elif kind == "type" and isinstance(thing, sa.JSON):
        name = "JsonColumn"
    if not name:
        return False
    context_.imports.add(f"from luna.kernel.database import {name}")
    return name if name == "JsonColumn" else f"{name}()"


def run() -> None:
    """Run on the given connection, in its transaction."""
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=ours,
        render_item=written,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
