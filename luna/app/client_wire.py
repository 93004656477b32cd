"""What comes over the wire to a client: addresses, server-sent events, problem answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from luna.kernel.errors import BadInput, LunaError, Unavailable

LONGEST_EVENT = 4_000_000
"""Longest event that is read, in bytes."""


class ServerAway(Unavailable):
    """The server does not answer, or went away in the middle of an answer."""

    code = "server-unreachable"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a telling's stream. `id` is what a reader who was cut off sends to get the rest."""

    id: str
    type: str
    data: dict[str, Any]


def read_events(chunks: Iterator[bytes]) -> Iterator[Event]:
    """Read server-sent events from the bytes of a stream. Comments and what is not an event are passed over."""
    rest = b""
    for chunk in chunks:
        *blocks, rest = (rest + chunk).split(b"\n\n")
        if len(rest) > LONGEST_EVENT:
            raise LunaError("The server sends an event without end.", "Is it a LUNA-Narrates server?")
        for block in blocks:
            event = _event(block)
            if event is not None:
                yield event


def _event(block: bytes) -> Event | None:
    fields: dict[str, str] = {}
    for line in block.split(b"\n"):  # not splitlines: text may hold other line ends
        name, _, value = line.decode("utf-8", "replace").partition(":")
        fields[name] = value.removeprefix(" ")
    try:
        data = json.loads(fields.get("data", ""))
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None
    return Event(fields.get("id", ""), fields.get("event", "message"), cast("dict[str, Any]", data))


def refusal(answer: httpx.Response) -> LunaError:
    """The refusal that a problem answer tells of."""
    try:
        body: Any = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or "detail" not in body:
        error = LunaError(
            f"The server answers {answer.status_code}.",
            "Is it a LUNA-Narrates server?",
            code="strange-answer",
        )
        error.status = answer.status_code
        return error
    problem = cast("dict[str, Any]", body)
    known = ("type", "title", "status", "detail", "code", "hint", "trace", "message")
    extra = {name: value for name, value in problem.items() if name not in known}
    error = LunaError(
        str(problem["detail"]),
        str(problem.get("hint", "")),
        code=str(problem.get("code", "refused")),
        **extra,
    )
    error.status = answer.status_code
    return error


def away(url: str) -> ServerAway:
    """What to say when a server does not answer."""
    return ServerAway(f"The server at {url} does not answer.", "Check that it runs, then try again.")


def checked_url(url: str) -> str:
    """A server's address without its end. Raises BadInput when it is none."""
    text = url.strip() if "://" in url else f"http://{url.strip()}"
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine:
        raise BadInput(f"{url!r} is not the address of a server.", "Write it like http://192.168.1.5:8001.")
    return text.rstrip("/")


def is_local(url: str) -> bool:
    """Whether an address is on this machine, so that no proxy stands in between."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
