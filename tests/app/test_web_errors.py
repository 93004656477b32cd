"""What goes wrong is answered with a problem: a code, a hint and a trace id that also stands in the log."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from served import PASSWORD, make_app, problem, visit

from luna.app.inputs import check_json
from luna.kernel.errors import Conflict, LunaError, NotFound, ProviderError, ProviderFault
from luna.kernel.http import Running
from luna.kernel.logs import log_to, stop_logging, tail, trace
from luna.kernel.runtime import Runtime

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Anything(BaseModel):
    text: str = ""
    number: float = 0
    more: dict[str, Any] = {}


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    """The web app with a few routes that go wrong."""
    app = make_app(runtime, max_body=100_000)

    @app.get("/refusal")
    async def refusal() -> None:
        raise Conflict("Not now.", "Try later.", code="busy", turn="t1")

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound("story")

    @app.get("/provider/{kind}")
    async def provider(kind: ProviderFault) -> None:
        raise ProviderError(kind, "The model does not answer.", provider="ollama")

    @app.get("/bug")
    def bug() -> None:
        raise RuntimeError("the secret plan is 12345")

    @app.get("/number")
    async def number(n: Annotated[int, Query(ge=1)]) -> int:
        return n

    @app.post("/echo")
    async def echo(body: Anything) -> Anything:
        return body

    @app.post("/upload")
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def words() -> AsyncIterator[bytes]:
            yield b"data: one\n\n"
            raise RuntimeError("lost the thread")

        return StreamingResponse(words(), media_type="text/event-stream")

    return app


async def test_refusals(app: FastAPI) -> None:
    async with visit(app) as client:
        body = problem(await client.get("/refusal"), 409, "busy")
        assert (body["detail"], body["hint"], body["turn"]) == ("Not now.", "Try later.", "t1")
        problem(await client.get("/missing"), 404, "story-not-found")
        problem(await client.get("/nowhere"), 404, "no-such-route")
        wrong = await client.delete("/refusal")
        problem(wrong, 405, "method-not-allowed")
        assert wrong.headers["allow"] == "GET"


async def test_a_vendor_fails(app: FastAPI) -> None:
    async with visit(app) as client:
        body = problem(await client.get("/provider/timeout"), 504, "provider-timeout")
        assert body["detail"] == "The model does not answer."
        problem(await client.get("/provider/unauthorized"), 502, "provider-unauthorized")


async def test_a_bug_shows_its_trace_id_and_nothing_else(app: FastAPI, tmp_path: Path) -> None:
    log_to(tmp_path, console=False)
    try:
        async with visit(app) as client:
            answer = await client.get("/bug?action=kiss+the+dragon")
            body = problem(answer, 500, "internal-error")
            assert "12345" not in answer.text
            assert "Traceback" not in answer.text
            other = await client.get("/health")
            assert other.headers["x-trace-id"] != body["trace"]
        lines = tail(tmp_path, 100, of=body["trace"])
        error = next(line for line in lines if line.level == "error")
        assert "12345" in error.more
        assert "Traceback" in error.more
        access = next(line for line in lines if line.message.startswith("GET /bug 500"))
        assert access.level == "info"
        assert not tail(tmp_path, 100, text="dragon")  # what a player does is private
    finally:
        stop_logging()


async def test_the_trace_is_this_requests_own(app: FastAPI) -> None:
    seen: dict[str, str] = {}

    @app.get("/trace/{n}")
    async def show(n: str) -> str:
        await asyncio.sleep(0.01)
        seen[n] = trace.get()
        return trace.get()

    async with visit(app) as client:
        answers = await asyncio.gather(*(client.get(f"/trace/{n}") for n in range(10)))
    assert [a.json() for a in answers] == [a.headers["x-trace-id"] for a in answers]
    assert len(set(seen.values())) == 10
    assert trace.get() == ""


async def test_what_does_not_fit_is_named_and_not_repeated(app: FastAPI) -> None:
    async with visit(app) as client:
        wish = {"username": ["ada"], "password": {"deep": PASSWORD}}
        answer = await client.post("/auth/register", json=wish)
        body = problem(answer, 422, "bad-input")
        assert {tuple(e["loc"]) for e in body["errors"]} == {("body", "username"), ("body", "password")}
        assert all(set(e) == {"loc", "msg"} for e in body["errors"])
        assert PASSWORD not in answer.text
        problem(await client.get("/number?n=0"), 422, "bad-input")
        problem(await client.get("/number"), 422, "bad-input")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"{'a': 1}", 422),
        (b"\xff\xfe", 422),
        (b'{"text": "\xff"}', 400),
        (b'{"text": "a\\u0000b"}', 422),
        (b'{"more": {"a\\u0000b": 1}}', 422),
        (b'{"text": "a\x00b"}', 422),
        (b'{"text": "\\ud83d"}', 422),
        (b'{"more": {"\\ude00": "x"}}', 422),
        (b'{"text": "\\ud83d\\ud83d\\ude00\\ude00"}', 422),
        (b'{"number": NaN}', 422),
        (b'{"number": -Infinity}', 422),
        (b'{"number": 1e999}', 422),
        (b'{"more": {"n": 99999999999999999999}}', 422),
        (b'{"more": {"n": ' + b"9" * 5000 + b"}}", 422),
        (b"[" * 50_000, 400),
        (b'{"more": ' + b'{"a":' * 19_000, 400),
        ("{}".encode("utf-16"), 422),
        (b'{"text": "' + b"x" * 100_000 + b'"}', 413),
    ],
)
async def test_bodies_that_cannot_be(app: FastAPI, body: bytes, status: int) -> None:
    async with visit(app, content_type="application/json") as client:
        answer = await client.post("/echo", content=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["hint"]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a\\u0000b"},
        {"text": "\\\\u0000 \\ud83d"},
        {"text": "🌙 is NaN and 12345678901234567890"},
        {"number": -(2.0**63)},
        {"more": {"n": 2**63 - 1, "m": -(2**63), "f": 0.12345678901234567890123}},
        {"text": "\t\n\x7f\u2028"},
    ],
)
async def test_odd_bodies_that_are_fine(app: FastAPI, body: dict[str, Any]) -> None:
    async with visit(app, content_type="application/json") as client:
        for ascii_only in (True, False):
            answer = await client.post("/echo", content=json.dumps(body, ensure_ascii=ascii_only).encode())
            assert answer.status_code == 200, answer.text
            for key, value in body.items():
                assert answer.json()[key] == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\\u0d", max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=JSON, ascii_only=st.booleans())
def test_good_json_is_never_refused(database_url: str, value: Any, ascii_only: bool) -> None:
    check_json(json.dumps(value, ensure_ascii=ascii_only).encode())


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.sampled_from("a\\u\x00\ud83d\ude00d8"), max_size=8))
def test_text_that_cannot_be_kept_is_always_refused(database_url: str, text: str) -> None:
    body = json.dumps({"text": text}).encode()
    whole = json.loads(body)["text"]  # a pair of halves is one character by now
    bad = "\x00" in whole or any("\ud800" <= c <= "\udfff" for c in whole)
    try:
        check_json(body)
    except LunaError:
        assert bad
    else:
        assert not bad


@pytest.mark.parametrize("path", ["/number?n=%00", "/nowhere%00", "/number?n=1&x=a%00b"])
async def test_nul_in_the_address(app: FastAPI, path: str) -> None:
    async with visit(app) as client:
        problem(await client.get(path), 422, "nul-character")


@pytest.mark.parametrize(
    "path",
    [
        "/number?n=%ff",
        "/%ff%fe",
        "/number?n=1&n=%ed%a0%80",
        "/logs?text=%ff",
        "/logs?lines=9999999999999999999999",
    ],
)
async def test_addresses_that_are_no_text(app: FastAPI, path: str) -> None:
    async with visit(app) as client:
        assert (await client.get(path)).status_code < 500


async def test_bodies_that_are_too_large(app: FastAPI) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 10_000

    async with visit(app) as client:
        problem(await client.post("/raw", content=b"x" * 100_001), 413, "too-large")
        problem(await client.post("/raw", content=pieces()), 413, "too-large")
        problem(
            await client.post("/echo", content=pieces(), headers={"Content-Type": "application/json"}),
            413,
            "too-large",
        )
        problem(await client.post("/upload", files={"file": b"x" * 100_001}), 413, "too-large")
        assert (await client.post("/upload", files={"file": b"x" * 90_000})).json() == 90_000
        assert (await client.post("/raw", content=b"x" * 100_000)).json() == 100_000
        odd = await client.post("/raw", headers={"Content-Length": "-5"})
        problem(odd, 422, "bad-input")


async def test_a_value_the_database_refuses(runtime: Runtime) -> None:
    """One more net below: what reaches the database and does not fit there is the request's fault, not ours."""
    app = make_app(runtime)

    @app.get("/big/{n}")
    async def big(n: int, runtime: Running) -> None:
        from sqlalchemy import text

        async with runtime.db.begin() as tx:
            await tx.execute(text("select * from user_session where id = :n"), {"n": n})

    async with visit(app) as client:
        problem(await client.get(f"/big/{2**70}"), 422, "cannot-be-stored")


async def test_a_stream_that_breaks_is_logged(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "luna.web"), pytest.raises(RuntimeError):
        async with visit(app) as client:
            await client.get("/half")
    assert "RuntimeError" in caplog.text


async def test_stopping_ends_streams_at_once(app: FastAPI) -> None:
    started = asyncio.Event()

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def words() -> AsyncIterator[bytes]:
            yield b"data: one\n\n"
            started.set()
            await asyncio.Event().wait()

        return StreamingResponse(words(), media_type="text/event-stream")

    async with visit(app) as client:
        reading = asyncio.create_task(client.get("/endless"))
        await asyncio.wait_for(started.wait(), 5)
        app.state.streams.stop()
        answer = await asyncio.wait_for(reading, 2)
    assert answer.text == "data: one\n\n"
    assert answer.headers["x-accel-buffering"] == "no"


async def test_the_description_of_the_api(app: FastAPI) -> None:
    async with visit(app) as client:
        schema = (await client.get("/openapi.json")).json()
        page = (await client.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    ids = [o["operationId"] for verbs in schema["paths"].values() for o in verbs.values()]
    assert len(ids) == len(set(ids))
    assert {"accounts_login", "operations_health", "operations_change_settings"} <= set(ids)
    login = schema["paths"]["/auth/login"]["post"]["responses"]
    assert login["4XX"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert "422" not in login
