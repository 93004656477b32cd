"""Who may talk to this server: names and origins, and who is asking.

A page of another site must not reach a server on somebody's own machine. So the Host has to be a name of
ours (a hostile name that points here is refused), an Origin has to be ours or named in the settings, and
what a browser fetches on behalf of another site is refused, GET included: a GET can start a turn.
"""

import hmac
import ipaddress
import logging
import socket
import time
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from luna.accounts.service import COOKIE, has_accounts, who
from luna.app.edge import TRACE_HEADER, refuse
from luna.kernel.errors import Forbidden, LunaError, NotSignedIn, Unavailable
from luna.kernel.http import LOCAL_USER, Asker
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Settings
from luna.kernel.values import Frozen

log = logging.getLogger("luna.web")

SAFE = ("GET", "HEAD", "OPTIONS")
OPEN = ("/", "/health", "/openapi.json", "/auth/status", "/auth/login", "/auth/register", "/favicon.ico")
OPEN_MOUNTS = ("studio", "docs-files")
"""Names of mounted folders of files that anybody may read: the Studio and the pages of /docs."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
SETTINGS_SECONDS = 2.0


class Serving(Frozen):
    """How this server is reached. `key` is the local key, which acts as the administrator from loopback."""

    host: str = "127.0.0.1"
    port: int = 8001
    key: str = ""

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


class ForeignHost(LunaError):
    """The request was meant for another name."""

    code = "foreign-host"
    status = 421


class Policy:
    """The settings that decide who may come in, read again every two seconds. The last good ones stay in
    force when the database is away or a setting is broken."""

    def __init__(self, runtime: Runtime, serving: Serving) -> None:
        self.runtime = runtime
        self.serving = serving
        self._settings = Settings.model_validate({})
        self._until = 0.0
        self._accounts = False

    async def settings(self) -> Settings:
        """The settings in force, at most two seconds old."""
        if time.monotonic() >= self._until:
            try:
                self._settings = await self.runtime.settings.current()
            except LunaError as error:
                log.warning("The settings cannot be read, the last ones stay: %s", error.message)
            self._until = time.monotonic() + SETTINGS_SECONDS
        return self._settings

    def forget(self) -> None:
        """Read the settings again at the next request."""
        self._until = 0.0

    async def has_accounts(self) -> bool:
        """Whether anybody has an account. Once true it stays true."""
        if not self._accounts:
            self._accounts = await has_accounts(self.runtime)
        return self._accounts


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine and nothing else."""
    if host.lower().rstrip(".") == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def split_host(value: str) -> tuple[str, int | None]:
    """Read "name", "name:port", "[v6]:port". Raises ValueError for anything else."""
    if not value or any(c in value for c in "/?#@\\ \t,"):
        raise ValueError(value)
    parts = urlsplit(f"//{value}")
    if not parts.hostname:
        raise ValueError(value)
    return parts.hostname.rstrip(".") or parts.hostname, parts.port


def check_host(values: list[str], serving: Serving, allowed: Collection[str]) -> str:
    """The host name a request is for. Raises ForeignHost when it is not one of ours."""
    try:
        (value,) = values
        name, port = split_host(value)
    except ValueError:
        raise ForeignHost("The request does not say which host it is for.", "Send one Host header.") from None
    names = {entry.strip().lower() for entry in allowed}
    ours = is_loopback(name) or name in names or f"{name}:{port}" in names
    if not ours and not serving.is_local:
        ours = _address(name) is not None or name in _own_names()
    if not ours:
        raise ForeignHost(
            "This server does not answer to that host name.",
            "Use localhost, or add the name to LUNA_ALLOWED_HOSTS (setting allowed_hosts).",
        )
    return name


def _own_names() -> set[str]:
    own = socket.gethostname().lower()
    return {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"} - {""}


def same_origin(origin: str, host: str) -> bool:
    """Whether an Origin is the one this request's Host belongs to, the port included."""
    try:
        parts = urlsplit(origin)
        usual = {"http": 80, "https": 443}[parts.scheme]
        name, port = split_host(host)
        return parts.hostname is not None and (parts.hostname.rstrip("."), parts.port or usual) == (
            name,
            port or usual,
        )
    except (KeyError, ValueError):
        return False


class Guard:
    """Refuses foreign hosts, foreign origins and what browsers fetch for other sites; answers CORS."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        policy: Policy = scope["app"].state.policy
        settings = await policy.settings()
        headers = Headers(scope=scope)
        try:
            name = check_host(headers.getlist("host"), policy.serving, settings.allowed_hosts)
            origin = check_origin(scope, headers, settings.cors_origins)
        except LunaError as error:
            await refuse(error, scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["own_page"] = bool(headers.get("origin")) or headers.get("sec-fetch-site") == "same-origin"
        state["from_here"] = is_loopback(name) and not any(header in headers for header in FORWARDED)
        if origin is None:
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(headers, origin)(scope, receive, send)
        else:
            await self.app(scope, receive, _with_cors(send, origin))


def check_origin(scope: Scope, headers: Headers, named: Collection[str]) -> str | None:
    """The origin of a named other site that needs CORS headers, else None. Raises Forbidden for a foreign one."""
    origin = headers.get("origin")
    if origin is not None:
        if same_origin(origin, headers.get("host", "")):
            return None
        if scope["type"] == "http" and origin.rstrip("/") in {o.rstrip("/") for o in named}:
            return origin
        if scope["type"] == "websocket" and origin.rstrip("/") in {o.rstrip("/") for o in named}:
            return None
        raise Forbidden(
            "A page of another site may not use this server.",
            "Add its origin to LUNA_CORS_ORIGINS (setting cors_origins) if you trust it.",
            code="foreign-origin",
        )
    site = headers.get("sec-fetch-site", "none")
    if site in ("cross-site", "same-site") and not _is_visit(scope, headers):
        raise Forbidden(
            "Another site asked your browser to fetch this.",
            "Open the address in a tab of its own, or from the Studio.",
            code="foreign-origin",
        )
    return None


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Whether a link was followed to a page of ours. The API's own addresses are not pages: they can act."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and is_open(scope)
    )


def _preflight(headers: Headers, origin: str) -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            "Access-Control-Allow-Headers": headers.get("access-control-request-headers", ""),
            "Access-Control-Max-Age": "600",
            "Vary": "Origin, Access-Control-Request-Headers",
        },
    )


def _with_cors(send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Allow-Credentials"] = "true"
            headers["Access-Control-Expose-Headers"] = f"{TRACE_HEADER}, Retry-After, Content-Disposition"
            headers.add_vary_header("Origin")
        await send(message)

    return sending


class ApiPrefix:
    """Answers `/api/x` as `/x`: the one rewrite there is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] in ("http", "websocket") and scope["path"].startswith("/api/"):
            scope = {**scope, "path": scope["path"][4:]}
            raw: bytes = scope.get("raw_path") or b""
            scope["raw_path"] = raw.removeprefix(b"/api")
        await self.app(scope, receive, send)


def is_open(scope: Scope) -> bool:
    """Whether an address needs no login: health, docs, sign-in, the Studio's files, and what is not there."""
    path: str = scope["path"].removeprefix("/api") if scope["path"].startswith("/api/") else scope["path"]
    if path in OPEN or path == "/docs" or path.startswith("/docs/"):
        return True
    routes: list[Any] = scope["app"].router.routes
    at = {**scope, "path": path}
    for route in routes:
        match, _ = route.matches(at)
        if match is not Match.NONE:
            return getattr(route, "name", None) in OPEN_MOUNTS
    return True


class Identity:
    """Finds out who asks, and refuses everybody else where a login is needed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through with `state.asker`, or refuse it."""
        if scope["type"] not in ("http", "websocket") or scope["path"] == "/health":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        try:
            state["asker"] = await find_asker(scope)
            if state["asker"] is None and not is_open(scope):
                raise NotSignedIn("You are not signed in.", "Sign in at POST /auth/login, then try again.")
        except LunaError as error:
            # The docs and the Studio's files need no database, so they are there without it.
            if not (isinstance(error, Unavailable) and is_open(scope)):
                await refuse(error, scope, receive, send)
                return
        await self.app(scope, receive, send)


async def find_asker(scope: Scope) -> Asker | None:
    """Who asks, or None. Sets `state.login_needed`. Raises Forbidden for a cookie sent from elsewhere."""
    policy: Policy = scope["app"].state.policy
    state = scope["state"]
    needed = not (policy.serving.is_local and state["from_here"]) or await policy.has_accounts()
    state["login_needed"] = needed
    headers = Headers(scope=scope)
    token, is_cookie = _token(headers)
    if token and not is_cookie and _is_local_key(token, policy.serving, scope):
        return Asker(id=LOCAL_USER, name=LOCAL_USER, is_admin=True)
    if not needed:
        return Asker(id=LOCAL_USER, name=LOCAL_USER, is_admin=True)
    if not token:
        return None
    acts = scope["type"] == "websocket" or scope["method"] not in SAFE
    if is_cookie and acts and not state["own_page"]:
        if is_open(scope):
            return None
        raise Forbidden(
            "This needs to come from a page of this server.",
            "Programs send the token as Authorization: Bearer instead of the cookie.",
            code="foreign-origin",
        )
    return await who(policy.runtime, token)


def _token(headers: Headers) -> tuple[str, bool]:
    """The token of a request, and whether it came as the cookie."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and value.strip():
        return value.strip(), False
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return "", True
    return (cookies[COOKIE].value if COOKIE in cookies else ""), True


def _is_local_key(token: str, serving: Serving, scope: Scope) -> bool:
    client = scope.get("client") or ("", 0)
    return (
        bool(serving.key)
        and scope["state"]["from_here"]
        and is_loopback(str(client[0]))
        and hmac.compare_digest(token.encode(), serving.key.encode())
    )
