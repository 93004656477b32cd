"""Who is asking, and what an error looks like: the part of HTTP that every slice's routes share.

The web app puts the `Runtime` on the application and the `Asker` on each request; routes only declare that
they want them. A slice never looks at cookies or headers itself.
"""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from luna.kernel.errors import Forbidden, LunaError, NotSignedIn
from luna.kernel.runtime import Runtime
from luna.kernel.values import Frozen

LOCAL_USER = "local"
"""The id of the single user without an account. The first account takes it over, and with it every row."""


class Asker(Frozen):
    """Who asks: `id` is the owner of rows, `session` the token's id (None for the single user)."""

    id: str
    name: str
    is_admin: bool
    session: str | None = None


class Problem(BaseModel):
    """An RFC 9457 problem answer. `code` is stable, `hint` says what to do, `trace` is in the log too."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""
    trace: str = ""


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Problem, "description": "A refusal that says what to do"},
    "5XX": {"model": Problem, "description": "Something is away or broken"},
}
"""Give this as `responses=` to routers, so that clients know the type of an error."""


def problem(error: LunaError, trace: str = "") -> JSONResponse:
    """The answer for a refusal."""
    body = {
        "type": f"urn:luna:problem:{error.code}",
        "title": error.code.replace("-", " ").capitalize(),
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "hint": error.hint,
        "trace": trace,
        **error.extra,
    }
    return JSONResponse(body, error.status, media_type="application/problem+json")


def get_runtime(request: Request) -> Runtime:
    """The runtime of the process that serves this request."""
    runtime: Runtime = request.app.state.runtime
    return runtime


def get_asker(request: Request) -> Asker:
    """Who asks. Raises NotSignedIn when nobody does."""
    asker: Asker | None = getattr(request.state, "asker", None)
    if asker is None:
        raise NotSignedIn("You are not signed in.", "Sign in at POST /auth/login, then try again.")
    return asker


def get_admin(asker: Annotated[Asker, Depends(get_asker)]) -> Asker:
    """Who asks, when it is the administrator. Raises Forbidden otherwise."""
    if not asker.is_admin:
        raise Forbidden("Only the administrator may do this.", "Ask the person who runs this server.")
    return asker


Running = Annotated[Runtime, Depends(get_runtime)]
Asking = Annotated[Asker, Depends(get_asker)]
Admin = Annotated[Asker, Depends(get_admin)]
