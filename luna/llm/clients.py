"""HTTP connections to model servers: one pool per event loop and kind of host, closed at shutdown."""

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 5.0
LONGEST_SILENCE = 3700.0
"""A last resort. How long a token may take is the request's own `timeout_seconds`."""

TALKATIVE = ("openai", "anthropic", "google_genai", "httpx2", "httpcore2", "pydantic_ai")
"""Libraries that write whole requests, prompts included, into a log that asks for details."""

_Pools = dict[bool, "httpx2.AsyncClient"]
_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pools] = WeakKeyDictionary()
_noted: ContextVar["list[httpx2.Response] | None"] = ContextVar("noted", default=None)


@contextmanager
def noting_responses() -> "Generator[list[httpx2.Response]]":
    """Collect the responses that begin inside the block, to close them whatever a vendor's library does:
    Google's leaves the connection open when a reader stops early."""
    responses: list[httpx2.Response] = []
    token = _noted.set(responses)
    try:
        yield responses
    finally:
        _noted.reset(token)


async def _note(response: "httpx2.Response") -> None:
    noted = _noted.get()
    if noted is not None:
        noted.append(response)


def client_for(*, local: bool) -> "httpx2.AsyncClient":
    """The client of the running loop for local or for cloud hosts. It keeps connections per host.

    Redirects are never followed, so that no server can send a key or a prompt to another host. Local hosts
    are reached without the proxies that the environment may name.
    """
    import httpx2

    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    pools = _pools.setdefault(asyncio.get_running_loop(), {})
    client = pools.get(local)
    if client is None or client.is_closed:
        client = pools[local] = httpx2.AsyncClient(
            timeout=httpx2.Timeout(LONGEST_SILENCE, connect=CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=100, max_keepalive_connections=20),
            follow_redirects=False,
            trust_env=not local,
            event_hooks={"response": [_note]},
        )
    return client


async def close_clients() -> None:
    """Close every connection of the running loop."""
    for client in _pools.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()
