"""A real browser at a real server: signing in by cookie, streams that break, a second tab, foreign pages, /docs."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playing import WORLD
from playwright.sync_api import Browser, Page, sync_playwright
from served import PASSWORD
from serving import Server, free_port, running

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIGN_IN = """async ([name, password]) => {
    const answer = await fetch('/api/auth/login', {method: 'POST',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({username: name, password: password})});
    return answer.status;
}"""
LISTEN = """([url, name]) => new Promise(resolve => {
    const heard = window[name] = {events: [], opened: 0, source: new EventSource(url)};
    const kinds = ['status', 'cost_estimate', 'agent_start', 'agent_complete', 'delta', 'restart', 'done'];
    for (const kind of kinds) heard.source.addEventListener(kind, event => {
        heard.events.push([event.lastEventId, kind, event.data]);
        if (kind === 'done') heard.source.close();
    });
    heard.source.onopen = () => { heard.opened += 1; resolve(true); };
    heard.source.onerror = () => { if (heard.source.readyState === 2) resolve(false); };
})"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, or a skip with its reason; under CI a missing browser is a failure."""
    if not CHROMIUM.exists():
        reason = "Chromium is not installed (apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an account."""
    data = tmp_path_factory.mktemp("browser") / "data"
    server = Server(data, "", BUILTIN_WORDS_PER_SECOND="12")
    with running(server):
        wish = {"username": "ada", "password": PASSWORD, "code": server.code()}
        assert server.client.post("/auth/register", json=wish).status_code == 201
        yield server


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """A tab at the server's own address, signed in."""
    context = chromium.new_context(base_url=f"http://127.0.0.1:{server.port}")
    page = context.new_page()
    page.goto("/health")
    assert page.evaluate(SIGN_IN, ["ada", PASSWORD]) == 200
    yield page
    context.close()


def ask(page: Page, verb: str, path: str, body: Any = None) -> Any:
    """What the page's own fetch gets, with the cookie that it never sees."""
    code = """async ([verb, path, body]) => {
        const headers = body ? {'Content-Type': 'application/json'} : {};
        const answer = await fetch(path, {method: verb, headers, body: body || undefined});
        return [answer.status, await answer.text()];
    }"""
    status, text = page.evaluate(code, [verb, path, json.dumps(body) if body is not None else ""])
    assert status < 300, text
    return json.loads(text) if text else None


def begin(page: Page) -> str:
    """A new story, begun from the page."""
    made = {"world_id": WORLD, "seed": "7", "title": "Browser"}
    return str(ask(page, "POST", "/api/stories", made)["story_id"])


def heard(page: Page, name: str = "one") -> list[list[str]]:
    """The events that a tab has heard."""
    return page.evaluate("name => window[name].events", name)


def hear(page: Page, url: str, name: str = "one") -> None:
    """Open an EventSource in the tab."""
    assert page.evaluate(LISTEN, [url, name]), "the stream did not open"


def wait_for_words(page: Page, count: int, name: str = "one") -> None:
    """Wait until the tab has heard so many pieces of prose."""
    code = "([name, n]) => window[name].events.filter(e => e[1] === 'delta').length >= n"
    page.wait_for_function(code, arg=[name, count], timeout=30_000)


def wait_until_done(page: Page, name: str = "one") -> None:
    """Wait for the last event."""
    code = "name => window[name].events.some(e => e[1] === 'done')"
    page.wait_for_function(code, arg=name, timeout=60_000)


def turn_count(page: Page, story: str) -> int:
    """How many turns the story has, with its opening."""
    return len(ask(page, "GET", f"/api/stories/{story}/turns"))


def prose(events: list[list[str]]) -> str:
    """The prose of the events."""
    return "".join(json.loads(data)["text"] for _, kind, data in events if kind == "delta")


def numbers(events: list[list[str]]) -> list[int]:
    """The numbers of the events."""
    return [int(name.rpartition(":")[2]) for name, _, _ in events]


def test_two_tabs_watch_one_turn_with_a_cookie_that_no_script_sees(page: Page) -> None:
    story = begin(page)
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    hear(page, f"/api/narrates/stories/{story}/generate?action=look%20around")
    wait_for_words(page, 2)
    turn_id = heard(page)[0][0].rpartition(":")[0]
    tab = page.context.new_page()
    tab.goto("/health")
    hear(tab, f"/api/narrates/tellings/{turn_id}/events")
    wait_until_done(page)
    wait_until_done(tab)
    first, second = heard(page), heard(tab)
    assert first == second, "the second tab hears everything from the beginning"
    turn = json.loads(first[-1][2])["turn"]
    assert prose(first).strip() == turn["narrative_text"].strip()
    assert numbers(first) == list(range(1, len(first) + 1))
    assert turn_count(page, story) == 2


class Wire:
    """A way to the server that can be cut and mended."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            self.connections += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while piece := one.recv(65536):
                other.sendall(piece)
        except OSError:
            pass
        finally:
            for end in (one, other):
                end.close()

    def cut(self) -> int:
        """Break every connection; gives how many there were."""
        broken, self.connections = self.connections, []
        for end in broken:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        return len(broken)

    def close(self) -> None:
        """No more connections."""
        self.listener.close()
        self.cut()


def test_a_cut_stream_goes_on_by_itself_with_exactly_the_rest(chromium: Browser, server: Server) -> None:
    """The browser's own EventSource comes back with Last-Event-ID to an address that would begin a turn."""
    wire = Wire(server.port)
    context = chromium.new_context(base_url=f"http://127.0.0.1:{wire.port}")
    try:
        page = context.new_page()
        page.goto("/health")
        assert page.evaluate(SIGN_IN, ["ada", PASSWORD]) == 200
        story = begin(page)
        hear(page, f"/api/narrates/stories/{story}/generate?action=look%20around")
        wait_for_words(page, 4)
        assert wire.cut() > 0
        before = len(heard(page))
        wait_until_done(page)
        events = heard(page)
        assert page.evaluate("window.one.opened") >= 2, "it had to connect again"
        assert len(events) > before
        assert numbers(events) == list(range(1, len(events) + 1)), "nothing twice, nothing missing"
        assert prose(events).strip() == json.loads(events[-1][2])["turn"]["narrative_text"].strip()
        assert turn_count(page, story) == 2, "coming back begins no turn"
    finally:
        context.close()
        wire.close()


def test_a_foreign_page_can_neither_read_nor_start_anything(
    page: Page, server: Server, tmp_path: Path
) -> None:
    """A page of another port has the same site as ours, so the browser does send our cookie along."""
    story = begin(page)
    (tmp_path / "index.html").write_text("<!doctype html><title>Foreign</title>")
    handler = partial(QuietFiles, directory=str(tmp_path))
    foreign = ThreadingHTTPServer(("127.0.0.1", free_port()), handler)
    threading.Thread(target=foreign.serve_forever, daemon=True).start()
    try:
        other = page.context.new_page()
        theirs = f"http://127.0.0.1:{foreign.server_address[1]}/index.html"
        other.goto(theirs)
        ours = f"http://127.0.0.1:{server.port}"
        stream = f"{ours}/api/narrates/stories/{story}/generate?action=look%20around"
        assert other.evaluate(LISTEN, [stream, "one"]) is False
        for options in ("{}", "{credentials: 'include'}", "{credentials: 'include', mode: 'no-cors'}"):
            code = f"""async url => {{
                try {{ const answer = await fetch(url, {options}); return await answer.text(); }}
                catch (error) {{ return 'refused'; }}
            }}"""
            assert other.evaluate(code, f"{ours}/api/stories") in ("refused", ""), options
            assert other.evaluate(code, stream) in ("refused", ""), options
        post = """async url => {
            try { await fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include',
                headers: {'Content-Type': 'text/plain'}, body: '{}'}); } catch (error) {} }"""
        for path in (f"/api/narrates/stories/{story}/retake", f"/api/narrates/stories/{story}/undo"):
            other.evaluate(post, ours + path)
        embed = """url => new Promise(done => { const tag = document.createElement('img');
            tag.onload = tag.onerror = () => done(tag.naturalWidth); tag.src = url;
            document.body.append(tag); })"""
        assert other.evaluate(embed, stream) == 0
        form = """url => { const form = document.createElement('form'); form.method = 'post'; form.action = url;
            document.body.append(form); form.submit(); }"""
        with other.expect_navigation():
            other.evaluate(form, f"{ours}/api/narrates/stories/{story}/retake")
        assert "foreign-origin" in other.content()
        other.goto(theirs)
        with other.expect_navigation():
            other.evaluate("url => { location.href = url; }", stream)
        assert "foreign-origin" in other.content()
    finally:
        foreign.shutdown()
        foreign.server_close()
    assert turn_count(page, story) == 1, "nothing was told"


class QuietFiles(SimpleHTTPRequestHandler):
    """A file server that does not log."""

    def log_message(self, format: str, *args: Any) -> None: ...


def test_the_docs_need_nothing_from_elsewhere(page: Page, server: Server) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/docs")
    page.wait_for_selector(".opblock", timeout=30_000)
    ours = f"http://127.0.0.1:{server.port}/"
    assert asked
    assert [url for url in asked if not url.startswith((ours, "data:", "blob:"))] == []
    assert page.locator(".opblock").count() > 50
