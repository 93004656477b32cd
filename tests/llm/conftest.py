"""A runtime on a real database, for the parts of the models that keep something."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from vendors import Vendors, run_vendors

from luna.kernel.database import Database
from luna.kernel.jobs import Jobs
from luna.kernel.live import LiveEvents
from luna.kernel.runtime import Runtime
from luna.kernel.settings import SettingsStore
from luna.kernel.vault import Vault
from luna.llm.clients import close_clients
from luna.llm.providers import REGISTRY


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendors]:
    with run_vendors() as running:
        yield running


@pytest_asyncio.fixture
async def runtime(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Runtime]:
    """On SQLite and on PostgreSQL, with no key and no host in the environment."""
    monkeypatch.chdir(tmp_path)
    for facts in REGISTRY.values():
        for name in facts.key_names:
            monkeypatch.delenv(name, raising=False)
    nothing: Any = None
    yield Runtime(
        data=tmp_path,
        db=database,
        settings=SettingsStore(database, tmp_path, {}),
        vault=Vault(tmp_path, secret="test"),
        live=cast("LiveEvents", nothing),
        jobs=cast("Jobs", nothing),
        boot="b1",
        instance="i",
    )
    await close_clients()
