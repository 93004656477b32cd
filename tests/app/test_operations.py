"""Health, status, metrics, settings and logs over HTTP."""

import logging
from pathlib import Path

import pytest
from fastapi import FastAPI
from served import make_app, make_runtime, problem, visit

from luna.app import machine
from luna.app.operations import Engine, Metrics
from luna.kernel.database import Database
from luna.kernel.logs import log_to, stop_logging
from luna.kernel.runtime import Runtime


async def test_health_and_status(app: FastAPI, runtime: Runtime) -> None:
    async def engines(_: Runtime) -> list[Engine]:
        return [Engine(name="ollama", kind="models", state="away", detail="nothing answers")]

    app.state.engines_source = engines
    async with visit(app) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        status = (await client.get("/status")).json()
    kinds = {engine["kind"]: engine for engine in status["engines"]}
    assert kinds["database"]["name"] == ("sqlite" if runtime.db.is_sqlite else "postgresql")
    assert kinds["database"]["state"] == "ready"
    assert kinds["database"]["detail"]
    assert kinds["narrator"]["state"] == "ready"
    assert kinds["models"]["state"] == "away"
    assert {"POST /auth/login", "GET /health", "PATCH /settings"} <= set(status["routes"])
    assert status["uptime_seconds"] >= 0
    assert (status["boot"], status["instance"]) == (runtime.boot, "test")


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://nobody:nothing@127.0.0.1:1/none", "sqlite+aiosqlite:////no/such/folder/luna.db"],
)
async def test_without_its_database(url: str, tmp_path: Path) -> None:
    db = Database(url)
    app = make_app(make_runtime(db, tmp_path))
    try:
        async with visit(app) as client:
            body = problem(await client.get("/health"), 503, "database-unreachable")
            assert "nothing" not in str(body)
            other = await client.get("/auth/me")
            assert other.status_code == 503
            assert other.json()["hint"]
            assert (await client.get("/docs")).status_code == 200
    finally:
        await db.close()


async def test_the_bare_address_leads_to_the_docs(app: FastAPI) -> None:
    async with visit(app) as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


async def test_metrics(app: FastAPI) -> None:
    async def counted(_: Runtime) -> Metrics:
        return Metrics(total_turns_generated=1523, avg_turn_time_seconds=23.4, avg_turn_cost_usd=0.012)

    async with visit(app) as client:
        assert (await client.get("/metrics")).json() == {
            "total_turns_generated": 0,
            "avg_turn_time_seconds": 0,
            "avg_turn_cost_usd": 0,
            "preprocessor_avg_time": 0,
            "strategist_avg_time": 0,
            "writer_avg_time": 0,
        }
        app.state.metrics_source = counted
        assert (await client.get("/metrics")).json()["total_turns_generated"] == 1523
        for answer in (
            await client.get("/metrics?format=prometheus"),
            await client.get("/metrics", headers={"Accept": "text/plain"}),
        ):
            assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
            assert (
                "# TYPE luna_total_turns_generated counter\nluna_total_turns_generated 1523\n" in answer.text
            )
            assert "luna_avg_turn_cost_usd 0.012\n" in answer.text
        both = await client.get("/metrics?format=json", headers={"Accept": "text/plain"})
        assert both.json()["avg_turn_time_seconds"] == 23.4
        problem(await client.get("/metrics?format=xml"), 422, "bad-input")


async def test_the_machine(app: FastAPI, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'RTX 4090, 37, 1024, 24564'\necho 'Odd, [N/A], x, y'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    async with visit(app) as client:
        seen = (await client.get("/system/metrics")).json()
    assert seen["memory_total"] > seen["memory_used"] > 0
    assert seen["process_memory"] > 0
    assert seen["gpus"] == [
        {"name": "RTX 4090", "used_percent": 37.0, "memory_used": 2**30, "memory_total": 24564 * 2**20}
    ]
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert machine.find_gpus() == []


async def test_settings_change_at_once_and_all_or_none(app: FastAPI, runtime: Runtime) -> None:
    async with visit(app) as client:
        shown = {s["name"]: s for s in (await client.get("/settings")).json()}
        assert shown["prose_tokens"]["source"] == "default"
        assert shown["use_server_for_preprocessing"]["environment_name"] == "USE_SERVER_FOR_PREPROCESSING"
        changed = await client.patch("/settings", json={"prose_tokens": 650, "repair": False})
        shown = {s["name"]: s for s in changed.json()}
        assert (shown["prose_tokens"]["value"], shown["prose_tokens"]["source"]) == (650, "here")
        assert (await runtime.settings.current()).prose_tokens == 650
        problem(
            await client.patch("/settings", json={"prose_tokens": 640, "repair": "x"}), 422, "bad-setting"
        )
        problem(await client.patch("/settings", json={"prose_tokens": 640, "nothing": 1}), 422, "bad-input")
        problem(await client.patch("/settings", json=["prose_tokens"]), 422, "bad-input")
        assert (await runtime.settings.current()).prose_tokens == 650
        await client.patch("/settings", json={"prose_tokens": None})
        assert (await runtime.settings.current()).prose_tokens == 700


async def test_the_log_over_http(app: FastAPI, runtime: Runtime) -> None:
    log_to(runtime.data, console=False)
    try:
        async with visit(app) as client:
            trace = (await client.get("/nowhere")).headers["x-trace-id"]
            logging.getLogger("luna.test").warning("The lamp is low")
            lines = (await client.get("/logs")).json()
            assert lines[-1]["message"] == "The lamp is low"
            assert [x["level"] for x in (await client.get("/logs?level=warning")).json()] == ["warning"]
            assert len((await client.get("/logs?text=LAMP")).json()) == 1
            mine = (await client.get(f"/logs?trace={trace}")).json()
            assert [x["trace"] for x in mine] == [trace]
            assert len((await client.get("/logs?lines=1")).json()) == 1
            problem(await client.get("/logs?lines=0"), 422, "bad-input")
            await client.patch("/settings", json={"log_level": "error"})
            logging.getLogger("luna.test").warning("Not kept")
            assert (await client.get("/logs?text=Not+kept")).json() == []
    finally:
        stop_logging()
