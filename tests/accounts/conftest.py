"""The web app over a real database, with cheap password hashes."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from served import make_app, make_runtime

from luna.accounts import passwords
from luna.kernel.database import Database
from luna.kernel.runtime import Runtime


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    """A runtime, once on each database."""
    return make_runtime(database, tmp_path / "data")


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    """The web app on loopback, once on each database."""
    return make_app(runtime)
