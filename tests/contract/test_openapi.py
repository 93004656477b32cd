"""The API does what its description says, whatever is sent: no server error, no undeclared content type.

schemathesis makes requests of the description, right ones and wrong ones; into most of them go the ids of a
story that exists, so that they get past the first look.
"""

import contextlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from serving import Server, running

SECONDS = 60.0
"""For all requests on one database."""
EXAMPLES = 8
DEAR = {"POST /stories", "POST /narrates/stories", "GET /exports/renpy/{story_id}"}
"""Routes that tell or paint much: a few requests have to do."""
SAFE_SETTINGS = (
    "briefing_tokens", "plan_tokens", "prose_tokens", "cap_monthly_usd", "cap_story_usd", "suggestions",
    "repair", "open_registration", "log_level", "model_timeout_seconds", "auto_unload_vram",
)  # fmt: skip
"""Settings that may be anything meanwhile; others would send the server to foreign hosts, or to sleep."""


class EmptyModelServer(BaseHTTPRequestHandler):
    """A model server on loopback that has no models."""

    def do_GET(self) -> None:
        body = b'{"data": [], "models": []}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def model_host() -> Iterator[str]:
    """The address of a model server on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyModelServer) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_address[1]}"
        host.shutdown()


@pytest.fixture
def server(database_url: str, tmp_path: Path, model_host: str) -> Iterator[Server]:
    """A running server over an empty database, once on each engine; every model host is the one above."""
    hosts = ("OLLAMA_HOST", "LMSTUDIO_HOST", "OPENAI_BASE_URL")
    environment = dict.fromkeys(hosts, model_host)
    server = Server(tmp_path / "data", database_url, BUILTIN_WORDS_PER_SECOND="0", **environment)
    with running(server):
        yield server


def known_ids(client: httpx.Client) -> dict[str, Any]:
    """One of everything that has an id, by the names that the API has for them."""

    def made(path: str, **body: Any) -> dict[str, Any]:
        answer = client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    begun = made("/stories", world_id="low_hythe", title="Fuzzed", seed="7")
    story = begun["story_id"]
    turn = made("/narrate/turn", story_id=story, user_action="look around")
    branch = made(f"/stories/{story}/branches", branch_name="side", from_turn_number=0)["branch_id"]
    made(f"/narrates/stories/{story}/retake")
    point = made(f"/stories/{story}/checkpoints", name="here")
    card = made("/character-cards/manual", character_name="Mara", description="A pilot.")["id"]
    book = made("/lorebooks", universe_name="A book")["id"]
    return {
        "story_id": story, "turn_id": turn["turn_id"], "branch_id": branch, "left": begun["branch_id"],
        "right": branch, "checkpoint_id": point["checkpoint_id"], "character_id": card, "lorebook_id": book,
        "world_id": "low_hythe", "agent": "writer", "provider": "ollama", "turn_number": 1,
        "from_branch_id": branch, "from_turn_id": turn["turn_id"], "retake_of": turn["turn_id"],
        "last_event_id": f"{turn['turn_id']}:3", "character_card_ids": [card], "lorebook_ids": [book],
    }  # fmt: skip


def put_in(values: Any, ids: dict[str, Any], dice: random.Random) -> None:
    """Replace most of the ids that a request names by ones that exist."""
    if isinstance(values, dict):
        for name in values:
            if name in ids and dice.random() < 0.8:
                values[name] = ids[name]


def tame(case: Case, dice: random.Random, model_host: str) -> None:
    """Keep the server on this machine and awake: model hosts are ours, settings harmless ones."""
    if "/models/" in case.path and "keys" not in case.path:
        if isinstance(case.path_parameters, dict) and "provider" in case.path_parameters:
            case.path_parameters["provider"] = dice.choice(["ollama", "lmstudio", "nobody"])
            case.query = {"host": model_host}
        if isinstance(case.body, dict):
            case.body.update(host=model_host, provider=dice.choice(["ollama", "lmstudio", "nobody"]))
    if case.path == "/settings" and isinstance(case.body, dict) and dice.random() < 0.8:
        case.body = {dice.choice(SAFE_SETTINGS): value for value in list(case.body.values())[:3]}


def undeclared(case: Case, answer: Any) -> str:
    """What the description does not say of an answer, or nothing."""
    declared = case.operation.definition.raw["responses"]
    status = str(answer.status_code)
    said = declared.get(status) or declared.get(f"{status[0]}XX")
    if said is None:
        return f"status {status} is not declared"
    kind = answer.headers.get("content-type", [""])[0].split(";")[0]
    kinds = list(said.get("content", {}))
    if answer.content and not any(fnmatch(kind, pattern) for pattern in kinds):
        return f"{kind or 'a body without a type'} is not among {kinds}"
    return ""


@pytest.mark.slow
def test_no_server_error_and_nothing_undeclared(server: Server, model_host: str) -> None:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 80
    operations.sort(key=lambda operation: operation.method.upper() == "DELETE")
    ids = known_ids(server.client)
    ends = time.monotonic() + SECONDS
    wrong: dict[str, str] = {}
    statuses: Counter[int] = Counter()
    asked: Counter[str] = Counter()
    dice = random.Random(7)

    def ask(case: Case) -> None:
        name = f"{case.method.upper()} {case.operation.path}"
        if time.monotonic() > ends and asked[name]:
            return
        for values in (case.path_parameters, case.query, case.body):
            put_in(values, ids, dice)
        tame(case, dice, model_host)
        answer = case.call(timeout=30)
        asked[name] += 1
        statuses[answer.status_code] += 1
        fault = "a server error" if answer.status_code >= 500 else undeclared(case, answer)
        if fault:
            wrong.setdefault(f"{name}: {fault}", f"{answer.text[:300]}\n{case.as_curl_command()[:1500]}")
        if case.operation.path == "/settings" and answer.status_code == 200:
            server.client.patch("/settings", json=dict.fromkeys(SAFE_SETTINGS))

    for operation in operations:
        dear = f"{operation.method.upper()} {operation.path}" in DEAR
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            many = settings(
                max_examples=2 if dear else EXAMPLES if mode is GenerationMode.POSITIVE else EXAMPLES // 2,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            strategy = operation.as_strategy(generation_mode=mode)
            # Where anything is right, as for a route without a parameter, there is nothing wrong to send.
            nothing = [Unsatisfiable] if mode is GenerationMode.NEGATIVE else []
            with contextlib.suppress(*nothing):
                seed(7)(many(given(strategy)(ask)))()
    log = (server.data / "logs" / "luna.log").read_text("utf-8")
    bugs = [line for line in log.splitlines() if json.loads(line)["level"] == "error"]
    report = "\n\n".join(f"{what}\n{how}" for what, how in wrong.items())
    assert not wrong, report
    assert not bugs, bugs[0][:3000]
    assert len(asked) == len(operations), "every route was asked"
    assert statuses[200] > 100, statuses
    assert server.client.get("/health").status_code == 200
