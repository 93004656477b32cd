"""How the server does: /health, /status, /metrics, /system/metrics, /settings, /logs."""

import asyncio
import platform
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from luna.app.machine import Machine, look
from luna.kernel.errors import LunaError, Unavailable
from luna.kernel.http import PROBLEMS, Admin, Asking, Running
from luna.kernel.logs import LogLine, set_level, tail
from luna.kernel.runtime import Runtime
from luna.kernel.settings import Shown
from luna.kernel.values import Frozen

router = APIRouter(tags=["operations"], responses=PROBLEMS)

HEALTH_SECONDS = 3.0


class Health(Frozen):
    """The server answers, and so does its database."""

    status: Literal["ok"] = "ok"


class Engine(Frozen):
    """Something the product works with: `kind` is database, narrator, models, images, jobs …"""

    name: str
    kind: str
    state: Literal["ready", "away", "off", "unknown"]
    detail: str = ""


class Status(Frozen):
    """What runs here. `uptime_seconds` counts from the start of this process."""

    version: str
    python: str
    boot: str
    instance: str
    uptime_seconds: float
    engines: list[Engine]
    routes: list[str]


class Metrics(Frozen):
    """The counters of turns. Times are in seconds, costs in US dollars, averages over all turns kept."""

    total_turns_generated: int = 0
    avg_turn_time_seconds: float = 0.0
    avg_turn_cost_usd: float = 0.0
    preprocessor_avg_time: float = 0.0
    strategist_avg_time: float = 0.0
    writer_avg_time: float = 0.0


MetricsSource = Callable[[Runtime], Awaitable[Metrics]]
"""Counts the turns. `app.state.metrics_source`; the default knows of none."""

EnginesSource = Callable[[Runtime], Awaitable[list[Engine]]]
"""Tells the last known state of models and other engines, at once. `app.state.engines_source`."""


async def no_metrics(_: Runtime) -> Metrics:
    """The source that counts nothing."""
    return Metrics()


async def no_engines(_: Runtime) -> list[Engine]:
    """The source that knows of no engine."""
    return []


def product_version() -> str:
    """The version of the installed package."""
    try:
        return version("luna-narrates")
    except PackageNotFoundError:
        return "0.0.0"


@router.get("/", include_in_schema=False)
async def front_door() -> RedirectResponse:
    """Where a browser that was given the bare address goes: the pages of the API."""
    return RedirectResponse("/docs")


@router.get("/health")
async def health(runtime: Running) -> Health:
    """Whether the server can work. Needs no login; 503 when the database is away."""
    engine = await database_engine(runtime)
    if engine.state != "ready":
        raise Unavailable(
            "The database does not answer.",
            "Check that it runs; `luna doctor` tells more.",
            code="database-unreachable",
        )
    return Health()


@router.get("/status")
async def status(request: Request, runtime: Running, _: Asking) -> Status:
    """The version, the engines and their last known state, and every route."""
    source: EnginesSource = request.app.state.engines_source
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    return Status(
        version=product_version(),
        python=platform.python_version(),
        boot=runtime.boot,
        instance=runtime.instance,
        uptime_seconds=round(time.monotonic() - request.app.state.started, 3),
        engines=[
            await database_engine(runtime),
            Engine(name="builtin", kind="narrator", state="ready", detail="needs no model"),
            *await source(runtime),
        ],
        routes=[f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs],
    )


@router.get(
    "/metrics",
    response_model=Metrics,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(
    request: Request,
    runtime: Running,
    _: Asking,
    format: Annotated[Literal["json", "prometheus"] | None, Query()] = None,
) -> Metrics | Response:
    """Turns, times and costs as JSON; as Prometheus text with `?format=prometheus` or `Accept: text/plain`."""
    source: MetricsSource = request.app.state.metrics_source
    counted = await source(runtime)
    accept = request.headers.get("accept", "")
    plain = "text/plain" in accept and "application/json" not in accept
    if format == "prometheus" or (format is None and plain):
        return PlainTextResponse(prometheus(counted), media_type="text/plain; version=0.0.4")
    return counted


@router.get("/system/metrics")
async def system_metrics(runtime: Running, _: Asking) -> Machine:
    """How busy this machine is: processor, memory, disk of the data folder, graphics cards."""
    return await asyncio.to_thread(look, runtime.data)


@router.get("/settings")
async def settings(runtime: Running, _: Admin) -> list[Shown]:
    """Every setting, its value and where the value comes from. For the administrator."""
    return await runtime.settings.shown()


@router.patch("/settings")
async def change_settings(
    request: Request, runtime: Running, _: Admin, changes: dict[str, Any]
) -> list[Shown]:
    """Change settings by name; null takes a change back. All of them or none. They hold from the next turn on,
    without a restart. For the administrator."""
    changed = await runtime.settings.change(changes)
    request.app.state.policy.forget()
    set_level(changed.log_level)
    return await runtime.settings.shown()


@router.get("/logs")
async def logs(
    runtime: Running,
    _: Admin,
    lines: Annotated[int, Query(ge=1, le=5000)] = 200,
    level: Annotated[Literal["debug", "info", "warning", "error", "critical"], Query()] = "debug",
    text: Annotated[str, Query(max_length=200)] = "",
    trace: Annotated[str, Query(max_length=64)] = "",
) -> list[LogLine]:
    """The newest lines of the log, oldest first; `level` is the least one. For the administrator."""
    return await asyncio.to_thread(tail, runtime.data, lines, level=level, text=text, of=trace)


async def database_engine(runtime: Runtime) -> Engine:
    """The database's kind, version and state, within three seconds."""
    name = "sqlite" if runtime.db.is_sqlite else "postgresql"
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            detail = await runtime.db.version()
    except (LunaError, TimeoutError, OSError):
        return Engine(name=name, kind="database", state="away", detail="it does not answer")
    return Engine(name=name, kind="database", state="ready", detail=detail)


def prometheus(counted: Metrics) -> str:
    """The counters in Prometheus's text format."""
    lines: list[str] = []
    for name, value in cast("dict[str, float]", counted.model_dump()).items():
        kind = "counter" if name == "total_turns_generated" else "gauge"
        lines += [f"# TYPE luna_{name} {kind}", f"luna_{name} {value}"]
    return "\n".join(lines) + "\n"
