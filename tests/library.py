"""A small application around the routes of worlds and characters, with two people who use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI, Request

from luna.app.edge import handle_errors
from luna.characters.routes import router as characters_router
from luna.kernel.database import Database
from luna.kernel.http import Asker, get_asker
from luna.kernel.jobs import Jobs
from luna.kernel.live import LiveEvents
from luna.kernel.runtime import Runtime
from luna.kernel.settings import SettingsStore
from luna.kernel.vault import Vault
from luna.worlds.routes import router as worlds_router

SAMPLES = Path(__file__).parent / "formats" / "samples"


def make_runtime(db: Database, data: Path) -> Runtime:
    """A runtime whose jobs and live events are not started: nothing here uses them."""
    return Runtime(
        data=data,
        db=db,
        settings=SettingsStore(db, data, {}),
        vault=Vault(data, "a secret of the tests"),
        live=LiveEvents(db),
        jobs=Jobs(db, "boot"),
        boot="boot",
        instance="instance",
    )


def _asker(request: Request) -> Asker:
    who = request.headers["x-test-user"]
    return Asker(id=who, name=who, is_admin=False)


@asynccontextmanager
async def serving(runtime: Runtime) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Clients of two people of one server, Ada and Bob. A crash of the server raises in the test."""
    app = FastAPI()
    app.state.runtime = runtime
    app.dependency_overrides[get_asker] = _asker
    app.include_router(worlds_router)
    app.include_router(characters_router)
    handle_errors(app)
    transport = httpx.ASGITransport(app=app)
    base = "http://localhost"
    async with (
        httpx.AsyncClient(transport=transport, base_url=base, headers={"x-test-user": "ada"}) as ada,
        httpx.AsyncClient(transport=transport, base_url=base, headers={"x-test-user": "bob"}) as bob,
    ):
        yield ada, bob
