"""The web app: one FastAPI application over a runtime, and the place where every slice's routes are mounted.

From the outside in: `Edge` (trace id, errors, access log), `Guard` (hosts and origins), `ApiPrefix`,
`Inputs` (what no route could read), `Identity` (who asks), the routes.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware

from luna.accounts.routes import router as accounts_router
from luna.app import operations
from luna.app.edge import Edge, Streams, handle_errors
from luna.app.inputs import MAX_BODY, Inputs
from luna.app.jobs_routes import router as jobs_router
from luna.app.measures import Measures
from luna.app.security import ApiPrefix, Guard, Identity, Policy, Serving
from luna.assets.routes import router as assets_router
from luna.characters.routes import router as characters_router
from luna.costs.routes import router as costs_router
from luna.exporters.routes import router as exports_router
from luna.kernel.http import PROBLEMS
from luna.kernel.runtime import Runtime
from luna.llm.routes import router as llm_router
from luna.narration.desk import Desk
from luna.narration.routes import router as narration_router
from luna.story import service as story_service
from luna.story.routes import router as story_router
from luna.worlds.routes import router as worlds_router

ROUTERS: tuple[APIRouter, ...] = (
    narration_router,
    story_router,
    characters_router,
    worlds_router,
    assets_router,
    costs_router,
    llm_router,
    exports_router,
    jobs_router,
    accounts_router,
    operations.router,
)
"""Every slice's routes, in the order of /docs. A new slice adds its router here."""

DESCRIPTION = "From an idea to a remembered, branching, illustrated story, on your own machine."


def create_app(runtime: Runtime, serving: Serving | None = None, *, max_body: int = MAX_BODY) -> FastAPI:
    """The application that serves a runtime.

    `serving` says how it is reached (loopback when left out); `max_body` is the largest request in bytes.
    The runtime is opened and closed by the caller.
    """
    serving = serving or Serving()
    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/files",
        title="LUNA-Narrates",
        version=operations.product_version(),
        description=DESCRIPTION,
        lifespan=_lifespan,
        generate_unique_id_function=operation_id,
        middleware=[
            Middleware(Edge),
            Middleware(Guard),
            Middleware(ApiPrefix),
            Middleware(Inputs, max_body=max_body),
            Middleware(Identity),
        ],
    )
    app.state.runtime = runtime
    app.state.serving = serving
    app.state.policy = Policy(runtime, serving)
    app.state.streams = Streams()
    app.state.desk = Desk(runtime)
    app.state.started = time.monotonic()
    measures = Measures()
    app.state.metrics_source = measures.metrics
    app.state.engines_source = measures.engines
    app.state.cost_guard = story_service.refuse_anothers
    handle_errors(app)
    for router in ROUTERS:
        app.include_router(router, responses=PROBLEMS)
    _declare_problems(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    app.state.started = time.monotonic()
    desk: Desk = app.state.desk
    await desk.open()
    yield
    app.state.streams.stop()
    await desk.close()


def operation_id(route: APIRoute) -> str:
    """A stable name for clients: the slice and the function, for example accounts_login."""
    parts = [part for part in route.endpoint.__module__.split(".") if part not in ("luna", "app", "kernel")]
    slice_ = "_".join(part.removesuffix("_routes") for part in parts if part != "routes")
    return f"{slice_}_{route.name}" if slice_ else route.name


def _declare_problems(app: FastAPI) -> None:
    """Say in the OpenAPI description that errors are application/problem+json."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        known = app.openapi_schema is not None
        schema = plain()
        if not known:
            for operations_ in schema["paths"].values():
                for operation in operations_.values():
                    _rename_errors(operation["responses"])
        return schema

    app.openapi = described


def _rename_errors(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        content: dict[str, Any] = response.get("content", {})
        if status[0] in "45" and "application/json" in content:
            content["application/problem+json"] = content.pop("application/json")
