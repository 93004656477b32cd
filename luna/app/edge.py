"""The outermost layer of the web app: a trace id for each request, answers for what goes wrong, the access log.

Plain ASGI, so that streams are never held back and websockets pass through.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from luna.kernel.errors import BadInput, LunaError, ProviderError, ProviderFault
from luna.kernel.http import problem
from luna.kernel.logs import trace

log = logging.getLogger("luna.web")

TRACE_HEADER = "X-Trace-Id"


class Streams:
    """The event streams that are open, so that a stopping server can end them at once."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.stopping = False

    def add(self, task: asyncio.Task[Any] | None = None) -> None:
        """A task, or the current one, answers with a stream from now on."""
        task = task or asyncio.current_task()
        if task:
            self._tasks.add(task)
            if self.stopping:
                task.cancel()

    def remove(self, task: asyncio.Task[Any] | None) -> None:
        """A task is done."""
        if task:
            self._tasks.discard(task)

    def stop(self) -> None:
        """End every open stream, and those that open later."""
        self.stopping = True
        for task in list(self._tasks):
            task.cancel()


class Edge:
    """Gives each request a trace id, answers for bugs with it, and writes the access log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        token = trace.set(secrets.token_hex(8))
        passage = _Passage(scope, send)
        try:
            await self._pass(scope, receive, passage)
        finally:
            passage.streams.remove(passage.task)
            passage.note()
            trace.reset(token)

    async def _pass(self, scope: Scope, receive: Receive, passage: "_Passage") -> None:
        try:
            await self.app(scope, receive, passage.send)
        except asyncio.CancelledError:
            if not (passage.streams.stopping and passage.is_stream):
                raise
            await passage.finish()
        except ClientDisconnect:
            passage.status = passage.status or 499
        except LunaError as error:
            await passage.refuse(error, receive)
        except Exception as error:
            log.exception("An unexpected error: %s", type(error).__name__)
            if passage.status:
                raise
            await passage.refuse(Bug(), receive)


class Bug(LunaError):
    """Something is wrong with the program itself. The details are in the log, under the trace id."""

    code = "internal-error"
    status = 500

    def __init__(self) -> None:
        super().__init__(
            "Something went wrong inside the program.",
            "Try again. If it stays, look for the trace id in the log and report it.",
        )


class _Passage:
    """One request on its way: what has been answered so far."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.started = time.perf_counter()
        self.status = 0
        self.is_stream = False
        self.streams: Streams = scope["app"].state.streams
        # Remembered here: a streamed answer is sent from a task further in.
        self.task = asyncio.current_task()
        self._send = send

    async def send(self, message: Message) -> None:
        """Hand a message on, with the trace id in the headers."""
        if message["type"] in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
            self.status = int(message.get("status", 101))
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            headers[TRACE_HEADER] = trace.get()
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "same-origin")
            headers.setdefault("X-Frame-Options", "SAMEORIGIN")
            if headers.get("content-type", "").startswith("text/event-stream"):
                self.is_stream = True
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Accel-Buffering", "no")
                self.streams.add(self.task)
        await self._send(message)

    async def refuse(self, error: LunaError, receive: Receive) -> None:
        """Answer with a problem, if nothing was answered yet."""
        if not self.status:
            await refuse(error, self.scope, receive, self.send)

    async def finish(self) -> None:
        """End a stream cleanly while the server stops."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def note(self) -> None:
        """Write the access log: no query, since what a player does is private."""
        took = (time.perf_counter() - self.started) * 1000
        verb = self.scope.get("method", "WS")
        log.info("%s %s %s %.0f ms", verb, quote(self.scope["path"][:300]), self.status or "-", took)


async def refuse(error: LunaError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or a websocket that is not accepted yet, with a problem."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    await answer(error)(scope, receive, send)


def answer(error: LunaError) -> JSONResponse:
    """The problem answer of a refusal, with the headers that go with it."""
    response = problem(error, trace.get())
    if isinstance(wait := error.extra.get("retry_after"), int):
        response.headers["Retry-After"] = str(wait)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


_PROVIDER_STATUS = {
    ProviderFault.rate_limited: 503,
    ProviderFault.timeout: 504,
    ProviderFault.unavailable: 503,
}


def handle_errors(app: FastAPI) -> None:
    """Let the app answer every expected error with a problem."""
    app.add_exception_handler(LunaError, _refusal)
    app.add_exception_handler(ProviderError, _provider)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refusal(_: Request, error: Exception) -> JSONResponse:
    return answer(cast("LunaError", error))


async def _provider(_: Request, error: Exception) -> JSONResponse:
    fault = cast("ProviderError", error)
    refusal = LunaError(
        fault.message,
        "Check the model's address and key in the settings, then try again.",
        code=f"provider-{fault.kind.value.replace('_', '-')}",
    )
    refusal.status = _PROVIDER_STATUS.get(fault.kind, 502)
    return answer(refusal)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """What does not fit, by place and reason; never what was sent, since that may be a password."""
    found: Sequence[Any] = cast("RequestValidationError", error).errors()
    errors: list[dict[str, Any]] = [
        {"loc": [_clean(part) for part in e["loc"]], "msg": _clean(e["msg"])} for e in found[:50]
    ]
    where = ".".join(str(part) for part in errors[0]["loc"])
    detail = f"The request does not fit: {where}: {errors[0]['msg']}."
    return answer(
        BadInput(detail, "Correct the fields named in `errors`; /docs shows the shape.", errors=errors)
    )


def _clean(value: Any) -> Any:
    if isinstance(value, int):
        return value
    return str(value).encode("utf-8", "replace").decode()[:300]


_HTTP_CODES = {
    400: ("bad-request", "The request cannot be read.", "Check that the body is valid JSON in UTF-8."),
    404: ("no-such-route", "There is nothing at this address.", "/docs lists every route."),
    405: ("method-not-allowed", "This address does not take that method.", "/docs lists every route."),
    413: ("too-large", "The request is too large.", "Send less at once."),
}


async def _http(_: Request, error: Exception) -> JSONResponse:
    fault = cast("HTTPException", error)
    code, message, hint = _HTTP_CODES.get(fault.status_code, ("refused", str(fault.detail), ""))
    refusal = LunaError(message, hint, code=code)
    refusal.status = fault.status_code
    response = answer(refusal)
    for name, value in (fault.headers or {}).items():
        response.headers[name] = value
    return response
