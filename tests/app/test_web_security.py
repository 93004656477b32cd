"""Who may talk to the server: hosts, origins, what browsers fetch for other sites, cookies, the local key."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, WebSocket
from served import PASSWORD, found, make_app, problem, visit

from luna.accounts.service import COOKIE, prepare_first
from luna.app.security import is_loopback, same_origin, split_host
from luna.kernel.http import LOCAL_USER, Asking
from luna.kernel.runtime import Runtime

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HERE = "http://localhost:8001"


@pytest_asyncio.fixture
async def browser(app: FastAPI, runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is signed in by its cookie only."""
    code = await prepare_first(runtime)
    async with visit(app) as client:
        await found(client, code or "")
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8001",
        "LOCALHOST:9999",
        "127.0.0.1:8001",
        "127.8.9.1",
        "[::1]:8001",
        "localhost.",
    ],
)
async def test_own_hosts(app: FastAPI, host: str) -> None:
    async with visit(app) as client:
        assert (await client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil.example:8001",
        "192.168.1.2:8001",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "localhost:port",
        "localhost:99999",
        "localhost, evil.example",
        "",
        "[::2]",
        "/",
        "0x7f000001",
        "ｌocalhost",
    ],
)
async def test_foreign_hosts(app: FastAPI, host: str) -> None:
    async with visit(app) as client:
        for path in ("/health", "/docs", "/auth/me", "/nowhere", "/api/health"):
            problem(await client.get(path, headers={b"Host": host.encode()}), 421, "foreign-host")  # type: ignore[dict-item]


async def test_two_hosts(app: FastAPI) -> None:
    async with visit(app) as client:
        headers = [("Host", "localhost"), ("Host", "evil.example")]
        problem(await client.get("/health", headers=headers), 421, "foreign-host")


async def test_hosts_of_a_listening_server(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Tower.lan")
    app = make_app(runtime, host="0.0.0.0")
    async with visit(app) as client:
        for host in (
            "192.168.1.2:8001",
            "[fe80::1]:8001",
            "tower",
            "TOWER.lan:8001",
            "tower.local",
            "localhost",
        ):
            assert (await client.get("/health", headers={"Host": host})).status_code == 200
        problem(await client.get("/health", headers={"Host": "evil.example"}), 421, "foreign-host")


async def test_allowed_hosts_apply_at_once_and_ask_for_a_login(app: FastAPI) -> None:
    """A name from outside means that somebody else may be on the line: no single user without a login there."""
    async with visit(app) as client:
        given = {"Host": "story.example"}
        problem(await client.get("/auth/status", headers=given), 421, "foreign-host")
        await client.patch("/settings", json={"allowed_hosts": ["story.example"]})
        assert (await client.get("/auth/status", headers=given)).json()["login_needed"] is True
        problem(await client.get("/settings", headers=given), 401, "not-signed-in")
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
            problem(await client.get("/settings", headers={header: "1.2.3.4"}), 401, "not-signed-in")
        assert (await client.get("/settings")).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:3000",
        "https://localhost:8001.evil.example",
        "file://",
        "x",
    ],
)
async def test_foreign_origins(app: FastAPI, method: str, origin: str) -> None:
    async with visit(app) as client:
        for path in ("/auth/login", "/settings", "/health"):
            answer = await client.request(method, path, headers={"Origin": origin})
            problem(answer, 403, "foreign-origin")
            assert "access-control-allow-origin" not in answer.headers


async def test_own_origin(app: FastAPI) -> None:
    async with visit(app) as client:
        answer = await client.get("/auth/me", headers={"Origin": HERE})
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers


async def test_named_origins(app: FastAPI) -> None:
    friend = "http://localhost:5173"
    async with visit(app, Origin=friend, sec_fetch_site="same-site", sec_fetch_mode="cors") as page:
        problem(await page.get("/settings"), 403, "foreign-origin")
        async with visit(app) as client:
            await client.patch("/settings", json={"cors_origins": [friend + "/"]})
        answer = await page.get("/settings")
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == friend
        assert "Origin" in answer.headers["vary"]
        # Errors can be read there, too.
        assert (await page.get("/nowhere")).headers["access-control-allow-origin"] == friend
        asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "content-type"}
        preflight = await page.options("/settings", headers=asked)
        assert preflight.status_code == 204
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["access-control-allow-headers"] == "content-type"
        refused = await page.get("/settings", headers={"Origin": "http://localhost:5174"})
        problem(refused, 403, "foreign-origin")


async def test_a_star_names_nobody(app: FastAPI) -> None:
    async with visit(app) as client:
        await client.patch("/settings", json={"cors_origins": ["*", "null"]})
        problem(
            await client.get("/settings", headers={"Origin": "https://evil.example"}), 403, "foreign-origin"
        )


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_what_a_browser_fetches_for_another_site(app: FastAPI, site: str) -> None:
    """A picture, frame, script or link on another page can make a GET, and a GET can start a turn."""
    async with visit(app, sec_fetch_site=site) as client:
        for mode, dest in (
            ("no-cors", "image"),
            ("no-cors", "script"),
            ("navigate", "iframe"),
            ("cors", "empty"),
        ):
            given = {"Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
            problem(await client.get("/metrics", headers=given), 403, "foreign-origin")
        visit_ = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert (await client.get("/docs", headers=visit_)).status_code == 200
        assert (await client.get("/health", headers=visit_)).status_code == 200
        problem(await client.get("/metrics", headers=visit_), 403, "foreign-origin")
        problem(await client.get("/api/metrics", headers=visit_), 403, "foreign-origin")
        problem(await client.post("/docs", headers=visit_), 403, "foreign-origin")
    async with visit(
        app, sec_fetch_site="none", sec_fetch_mode="navigate", sec_fetch_dest="document"
    ) as client:
        assert (await client.get("/metrics")).status_code == 200
    async with visit(app, sec_fetch_site="same-origin", sec_fetch_mode="cors") as client:
        assert (await client.get("/metrics")).status_code == 200


async def test_the_cookie_signs_in(browser: httpx.AsyncClient) -> None:
    me = await browser.get("/auth/me")
    assert me.json()["username"] == "ada"
    signed = await browser.post("/auth/login", json={"username": "ada", "password": PASSWORD})
    cookie = signed.headers["set-cookie"]
    for part in (f"{COOKIE}=", "HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Secure" not in cookie
    assert signed.headers["cache-control"] == "no-store"


async def test_over_https_the_cookie_is_secure(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app, base="https://localhost") as client:
        await found(client, await prepare_first(runtime) or "")
        signed = await client.post("/auth/login", json={"username": "ada", "password": PASSWORD})
        assert "Secure" in signed.headers["set-cookie"]


async def test_with_the_cookie_only_own_pages_act(browser: httpx.AsyncClient) -> None:
    change = {"repair": False}
    problem(await browser.patch("/settings", json=change), 403, "foreign-origin")
    assert (await browser.patch("/settings", json=change, headers={"Origin": HERE})).status_code == 200
    same = {"Sec-Fetch-Site": "same-origin"}
    assert (await browser.patch("/settings", json=change, headers=same)).status_code == 200
    # The administrator's cookie alone makes no account either.
    wish = {"username": "eve", "password": PASSWORD}
    problem(await browser.post("/auth/register", json=wish), 403, "registration-closed")
    assert (await browser.post("/auth/register", json=wish, headers={"Origin": HERE})).status_code == 201


async def test_logging_out_takes_the_cookie_back(browser: httpx.AsyncClient) -> None:
    token = browser.cookies[COOKIE]
    assert (await browser.post("/auth/logout", headers={"Origin": HERE})).status_code == 204
    assert COOKIE not in browser.cookies
    problem(await browser.get("/auth/me", headers={"Cookie": f"{COOKIE}={token}"}), 401, "not-signed-in")


@pytest.mark.parametrize(
    "cookie", ["", "luna_session=", "luna_session=x", "=;=;", '"', "luna_session", "a=b; luna_session=é"]
)
async def test_cookies_that_are_none(browser: httpx.AsyncClient, cookie: str) -> None:
    browser.cookies.clear()
    answer = await browser.get("/auth/me", headers={b"Cookie": cookie.encode()})  # type: ignore[dict-item]
    problem(answer, 401, "not-signed-in")


async def test_what_needs_no_login(browser: httpx.AsyncClient, app: FastAPI) -> None:
    async with visit(app) as stranger:
        for path in ("/health", "/docs", "/openapi.json", "/docs/files/swagger-ui.css", "/auth/status"):
            assert (await stranger.get(path)).status_code == 200
            assert (await stranger.get("/api" + path)).status_code == 200
        open_ones = {"/health", "/auth/status", "/auth/login", "/auth/register"}
        for path, verbs in app.openapi()["paths"].items():
            for verb in verbs:
                if path not in open_ones:
                    answer = await stranger.request(verb, path.replace("{", "").replace("}", ""))
                    problem(answer, 401, "not-signed-in")
                    assert answer.headers["www-authenticate"] == "Bearer"
        problem(await stranger.get("/nowhere"), 404, "no-such-route")


async def test_a_route_that_forgets_to_ask_is_closed_all_the_same(runtime: Runtime) -> None:
    app = make_app(runtime, host="0.0.0.0")
    app.add_api_route("/forgotten", lambda: "secret")
    async with visit(app) as client:
        problem(await client.get("/forgotten"), 401, "not-signed-in")
        problem(await client.get("/api/forgotten"), 401, "not-signed-in")


async def test_the_local_key(runtime: Runtime, browser: httpx.AsyncClient) -> None:
    app = make_app(runtime, key="k" * 43)
    async with visit(app, token="k" * 43) as client:
        me = (await client.get("/auth/me")).json()
        assert (me["id"], me["is_admin"]) == (LOCAL_USER, True)
        assert (await client.patch("/settings", json={"repair": True})).status_code == 200
        problem(await client.get("/auth/me", headers={"X-Forwarded-For": "1.2.3.4"}), 401, "not-signed-in")
    async with visit(app, token="k" * 43, address="192.168.1.7") as client:
        problem(await client.get("/auth/me"), 401, "not-signed-in")
    async with visit(app, token="k" * 42) as client:
        problem(await client.get("/auth/me"), 401, "not-signed-in")
    async with visit(make_app(runtime, key=""), token="x") as client:
        problem(await client.get("/auth/me"), 401, "not-signed-in")


async def test_the_prefix_is_taken_off_once(app: FastAPI) -> None:
    async with visit(app) as client:
        assert (await client.get("/api/auth/me")).json() == (await client.get("/auth/me")).json()
        problem(await client.get("/api/api/auth/me"), 404, "no-such-route")
        problem(await client.get("/api"), 404, "no-such-route")
        problem(await client.get("/apiauth/me"), 404, "no-such-route")


async def shake(
    app: FastAPI, path: str, *headers: tuple[str, str], denial: bool = True
) -> list[dict[str, object]]:
    """Open a websocket by hand; gives what the app answered."""
    sent: list[dict[str, object]] = []
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "ws",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 5000),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}} if denial else {},
    }
    messages = asyncio.Queue[dict[str, object]]()
    messages.put_nowait({"type": "websocket.connect"})
    messages.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await app(scope, messages.get, send)  # type: ignore[arg-type]
    return sent


async def test_websockets_are_guarded_alike(runtime: Runtime, browser: httpx.AsyncClient) -> None:
    app = make_app(runtime)

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(socket.state.asker.id)
        await socket.close()

    app.add_api_websocket_route("/echo", echo)
    host = ("Host", "localhost:8001")
    cookie = ("Cookie", f"{COOKIE}={browser.cookies[COOKIE]}")
    bearer = ("Authorization", f"Bearer {browser.cookies[COOKIE]}")
    own, foreign = ("Origin", HERE), ("Origin", "https://evil.example")
    for path in ("/echo", "/api/echo"):
        for good in ([host, own, cookie], [host, bearer]):
            sent = await shake(app, path, *good)
            assert sent[0]["type"] == "websocket.accept", sent
            assert sent[1]["text"] == f'"{LOCAL_USER}"'
        for bad, status in (
            ([host, own], 401),
            ([host, cookie], 403),
            ([host, foreign, cookie], 403),
            ([host, foreign, bearer], 403),
            ([("Host", "evil.example"), bearer], 421),
        ):
            sent = await shake(app, path, *bad)
            assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", status)
            sent = await shake(app, path, *bad, denial=False)
            assert [m["type"] for m in sent] == ["websocket.close"]


async def test_the_asker_reaches_the_route(runtime: Runtime, browser: httpx.AsyncClient) -> None:
    app = make_app(runtime)

    async def whoami(asker: Asking) -> dict[str, object]:
        return asker.model_dump()

    app.add_api_route("/whoami", whoami)
    async with visit(app, token=browser.cookies[COOKIE]) as client:
        body = (await client.get("/whoami")).json()
        assert (body["id"], body["name"], body["is_admin"]) == (LOCAL_USER, "ada", True)
        assert body["session"]


def test_reading_hosts_and_origins(database_url: str) -> None:
    assert split_host("a:1") == ("a", 1)
    assert split_host("[::1]:80") == ("::1", 80)
    assert same_origin("http://a", "a:80")
    assert same_origin("https://a", "a")
    assert same_origin("https://a:443", "a")
    assert not same_origin("http://a:81", "a")
    assert not same_origin("ftp://a", "a")
    assert not same_origin("http://a:b", "a")
    assert is_loopback("::1")
    assert is_loopback("::ffff:127.0.0.1") in (True, False)
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("::")
    assert not is_loopback("")
