"""A runtime on a real database, without web or jobs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from vendors import GOOD_KEY, Vendors, run_vendors

from luna.kernel.database import Database
from luna.kernel.jobs import Jobs
from luna.kernel.live import LiveEvents
from luna.kernel.runtime import Runtime
from luna.kernel.settings import SettingsStore
from luna.kernel.vault import Vault
from luna.llm.clients import close_clients

MakeRuntime = Callable[..., Runtime]


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendors]:
    with run_vendors() as running:
        yield running


def runtime_on(
    db: Database, data: Path, environment: dict[str, str] | None = None, boot: str = "b1"
) -> Runtime:
    nothing: Any = None  # neither live events nor jobs are used here
    return Runtime(
        data=data,
        db=db,
        settings=SettingsStore(db, data, environment or {}),
        vault=Vault(data, secret="test"),
        live=cast("LiveEvents", nothing),
        jobs=cast("Jobs", nothing),
        boot=boot,
        instance="i",
    )


@pytest_asyncio.fixture
async def runtime(
    database: Database, tmp_path: Path, vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Runtime]:
    """On SQLite and on PostgreSQL; the vendors of the test answer for the OpenAI-compatible host."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", GOOD_KEY)
    yield runtime_on(database, tmp_path, {"OPENAI_BASE_URL": vendors.url})
    await close_clients()


Rows = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.fixture
def rows(runtime: Runtime) -> Rows:
    """Reads the ledger as it is in the database."""
    import sqlalchemy as sa

    from luna.costs.tables import LedgerEntryRow

    async def read(**where: str) -> list[dict[str, Any]]:
        async with runtime.db.read() as tx:
            query = sa.select(LedgerEntryRow.__table__).filter_by(**where).order_by(sa.text("created_at, id"))
            return [dict(row) for row in (await tx.execute(query)).mappings()]

    return read
