"""Whole paths through the product: the web app over a real database, told by the built-in narrator."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from served import make_app, make_runtime, visit

from luna.kernel.database import Database
from luna.kernel.runtime import Runtime


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    """A runtime without jobs, once on each database."""
    return make_runtime(database, tmp_path / "data")


@pytest_asyncio.fixture
async def app(runtime: Runtime) -> AsyncIterator[FastAPI]:
    """The running web app, once on each database. Pictures are off: nobody is there to paint them."""
    await runtime.settings.change({"enable_image_generation": False, "builtin_words_per_second": 0})
    runtime.live.start()
    app = make_app(runtime)
    async with app.router.lifespan_context(app):
        yield app
    await runtime.live.close()


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client on loopback: the single user."""
    async with visit(app) as client:
        client.timeout = httpx.Timeout(60)
        yield client
