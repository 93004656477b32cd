"""A runtime over a test's own database and folder, and clients that talk to the real web app over it."""

from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from luna.app.security import Serving
from luna.app.web import create_app
from luna.kernel.database import Database
from luna.kernel.jobs import Jobs
from luna.kernel.live import LiveEvents
from luna.kernel.runtime import Runtime
from luna.kernel.settings import SettingsStore
from luna.kernel.values import new_id
from luna.kernel.vault import Vault

PASSWORD = "correct horse battery"


def make_runtime(db: Database, data: Path) -> Runtime:
    """A runtime whose jobs and live events are not started."""
    boot = new_id()
    return Runtime(
        data=data,
        db=db,
        settings=SettingsStore(db, data, environment={}),
        vault=Vault(data),
        live=LiveEvents(db),
        jobs=Jobs(db, boot, worker=False),
        boot=boot,
        instance="test",
    )


def make_app(runtime: Runtime, *, host: str = "127.0.0.1", key: str = "", **more: Any) -> FastAPI:
    """The web app, as if it listened on `host`."""
    return create_app(runtime, Serving(host=host, key=key), **more)


def visit(
    app: FastAPI,
    *,
    token: str = "",
    address: str = "127.0.0.1",
    base: str = "http://localhost:8001",
    **headers: str,
) -> httpx.AsyncClient:
    """A client of the app. It keeps cookies like a browser; `headers` have _ for -."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        given["Authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app, client=(address, 50000))
    return httpx.AsyncClient(transport=transport, base_url=base, headers=given)


async def found(client: httpx.AsyncClient, code: str, name: str = "ada") -> dict[str, Any]:
    """Make an account and sign in with it; gives the answer of the sign-in."""
    made = await client.post("/auth/register", json={"username": name, "password": PASSWORD, "code": code})
    assert made.status_code == 201, made.text
    signed = await client.post("/auth/login", json={"username": name, "password": PASSWORD})
    assert signed.status_code == 200, signed.text
    return signed.json()


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a problem of that kind, with everything a problem has; gives its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == f"urn:luna:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["hint"]
    assert body["trace"] == answer.headers["x-trace-id"]
    return body
