"""Refuses requests that no route could make sense of: too large, with NUL characters, or JSON beyond JSON.

One place for all routes, since a database refuses some of these (PostgreSQL has no NUL in text) and a route
would otherwise fail in its middle.
"""

import json
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from luna.app.edge import refuse
from luna.kernel.errors import BadInput, LunaError

MAX_BODY = 32 * 1024 * 1024
"""Largest body of a request, in bytes."""

_NUL = re.compile(rb"\x00|(?<!\\)(?:\\\\)*\\u0000")
_LONE = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2})"
)
_PAIR = re.compile(rb"(?<!\\)((?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_ODD = re.compile(rb"NaN|Infinity|\d{19}|[eE]\+?\d{3}")


class TooLarge(LunaError):
    """The body is larger than this server takes."""

    code = "too-large"
    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The request is larger than {limit / 1_048_576:.3g} MB.",
            "Send less at once.",
            limit_bytes=limit,
        )


class Inputs:
    """Checks the address and the body of each request before a route sees it."""

    def __init__(self, app: ASGIApp, max_body: int = MAX_BODY) -> None:
        self.app = app
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            check_address(scope)
            if scope["type"] == "http":
                receive = await self._checked(scope, receive)
        except LunaError as error:
            await refuse(error, scope, receive, send)
            return
        await self.app(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """A `receive` that never gives more than the limit; JSON is read and checked here already."""
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            raise BadInput("The Content-Length is not a number.", "Send the body's length in bytes.")
        if int(length[:20]) > self.max_body:
            raise TooLarge(self.max_body)
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if kind == "application/json" or kind.endswith("+json"):
            body, ended = await self._read(receive)
            check_json(body)
            return _again(body, ended, receive)
        return _counted(receive, self.max_body)

    async def _read(self, receive: Receive) -> tuple[bytes, bool]:
        """The whole body, and whether it came to its end (or the client went away)."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(parts), False
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.max_body:
                raise TooLarge(self.max_body)
            if not message.get("more_body", False):
                return b"".join(parts), True


def check_address(scope: Scope) -> None:
    """Raise BadInput for a NUL character in the path or the query."""
    query: bytes = scope.get("query_string", b"")
    if "\x00" in scope["path"] or b"%00" in query or b"\x00" in query:
        raise BadInput("The address holds a NUL character.", "Leave the character out.", code="nul-character")


def check_json(body: bytes) -> None:
    """Raise BadInput when a JSON body holds what cannot be kept: NUL, half a character, NaN, endless numbers.

    A body that is no JSON at all is left to the route, which says so.
    """
    if b"\x00" in body or (b"\\u0000" in body and _NUL.search(body)):
        raise BadInput("The text holds a NUL character.", "Leave the character out.", code="nul-character")
    if b"\\ud" in body or b"\\uD" in body:
        without_pairs = _PAIR.sub(rb"\1_", body)
        if _LONE.search(without_pairs):
            raise BadInput(
                "The text holds half of a character (a lone surrogate).",
                "Send the text as UTF-8.",
                code="half-character",
            )
    if _ODD.search(body):
        try:
            json.loads(body, parse_constant=_refuse_number, parse_float=_number, parse_int=_whole)
        except (ValueError, RecursionError):
            return


def _refuse_number(text: str) -> Any:
    raise BadInput(
        f"A number in the request is out of bounds: {text[:20]}.",
        "Use finite numbers; whole ones within 64 bits.",
        code="number-out-of-bounds",
    )


def _number(text: str) -> float:
    value = float(text)
    return _refuse_number(text) if value in (float("inf"), float("-inf")) else value


def _whole(text: str) -> int:
    return _refuse_number(text) if len(text) > 20 or not -(2**63) <= int(text) < 2**63 else int(text)


def _again(body: bytes, ended: bool, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, then what the server says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        if not ended:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _counted(receive: Receive, limit: int) -> Receive:
    """A `receive` that raises 413 when more than `limit` bytes come."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(413)
        return message

    return counted
