"""Which server a command talks to: the one named, the one that runs on the data folder, or one of its own."""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from luna.app.client import Client
from luna.app.client_wire import checked_url
from luna.kernel.errors import LunaError, NotSignedIn
from luna.kernel.lock import find_server, write_private

TOKENS_FILE = "client-tokens.json"
"""Tokens of other servers by address, in the data folder, readable by the same user only."""


@contextmanager
def connected(data: Path, server: str = "", starting: Callable[[], None] | None = None) -> Generator[Client]:
    """A client of the right server, for the length of a `with` block.

    `server` is the address of another one. Without it the server that runs on the data folder is used with
    its local key, or, when none runs, one inside this process; `starting` is called before that one starts.
    Raises LunaError when the folder cannot be had or the server does not answer.
    """
    data = data.expanduser().resolve()
    if server:
        with Client(server) as client:
            _sign_in(client, data)
            yield client
        return
    running = find_server(data)
    if running is not None:
        with Client(running.url, running.key) as client:
            client.sign_in_status()  # it may hang: say so before anything is asked of it
            yield client
        return
    if starting is not None:
        starting()
    from luna.app.play.own_server import OwnServer

    with OwnServer(data) as own, Client(own.url, own.key) as client:
        yield client


def _sign_in(client: Client, data: Path) -> None:
    """Sign in where it is needed: with the token of the last time, else with a name and a password."""
    if not client.sign_in_status().login_needed:
        return
    tokens = read_tokens(data)
    kept = tokens.get(client.url)
    if kept:
        client.sign(kept)
        if client.sign_in_status().signed_in:
            return
    print(f"The server at {client.url} wants to know who you are.", file=sys.stderr)
    signed = client.sign_in(_asked("Name: "), _asked("Password: ", hidden=True))
    write_private(data / TOKENS_FILE, json.dumps({**tokens, client.url: signed.access_token}))


def _asked(question: str, *, hidden: bool = False) -> str:
    try:
        if hidden and sys.stdin.isatty():
            from getpass import getpass

            return getpass(question, stream=sys.stderr)
        sys.stderr.write(question)
        sys.stderr.flush()
        return input().strip()
    except (EOFError, KeyboardInterrupt):
        raise NotSignedIn("You are not signed in.", "Give a name and a password.") from None


def read_tokens(data: Path) -> dict[str, str]:
    """The tokens kept in a data folder; none when the file is not there or broken."""
    try:
        found: Any = json.loads((data / TOKENS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {checked_url(str(url)): str(token) for url, token in cast("dict[Any, Any]", found).items()}


def fault_text(error: LunaError) -> str:
    """A refusal as two lines: what is wrong, and what to do."""
    return f"{error.message}\n{error.hint}" if error.hint else error.message
