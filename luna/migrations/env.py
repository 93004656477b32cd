"""How Alembic runs our migrations: on the connection that luna/kernel/migrate.py hands over.

For writing a new one: `python -m luna.migrations "what changes"`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context

from luna.kernel.migrate import load_tables

metadata = load_tables()


def ours(_thing: Any, _name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Whether Alembic looks at it. A table nobody here declared belongs to the job engine or to the
    full-text search, which make their own: it is left alone, never dropped."""
    return not (kind == "table" and reflected and compare_to is None)


def run() -> None:
    """Run on the given connection, in its transaction."""
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=ours,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
