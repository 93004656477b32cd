"""Failures of jobs: in plain words for people, as data for the engine, and back again as errors."""

import logging
import secrets
from typing import Any, cast

from pydantic_core import to_jsonable_python
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from luna.kernel.errors import LunaError, ProviderError, ProviderFault
from luna.kernel.logs import trace

logger = logging.getLogger(__name__)

MOST_TEXT = 2000
"""Characters of an error, a message or a line of the log."""


class StepBroken(Exception):
    """A step that ended in a bug in an earlier execution. The message is safe to show."""


def storable(text: str) -> str:
    """Text that every database takes: no NUL, no half characters, not too long."""
    return _clean(text[:MOST_TEXT])


def jsonable(value: Any) -> Any:
    """A value as JSON that every database takes: models become dicts, tuples lists, NaN null.

    Raises an error for what is no data at all.
    """
    return _cleaned(to_jsonable_python(value, inf_nan_mode="null"))


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {_clean(str(key)): _cleaned(item) for key, item in cast("dict[Any, Any]", value).items()}
    return value


def plain(error: BaseException) -> str:
    """What to tell the owner. A bug is logged with its trace id, which is all the owner gets to see."""
    if isinstance(error, (LunaError, ProviderError)):
        hint = error.hint if isinstance(error, LunaError) else ""
        return storable(f"{error.message} {hint}".strip())
    if isinstance(error, StepBroken):
        return str(error)
    name = trace.get() or secrets.token_hex(8)
    logger.error("a job failed, trace %s", name, exc_info=error)
    return f"internal error, trace {name}"


def is_outage(error: BaseException) -> bool:
    """Whether the database went away: then nothing can be said about the job, it has to run again."""
    if isinstance(error, LunaError):
        return error.code == "database-unreachable"
    if isinstance(error, DBAPIError):
        away = (
            isinstance(error, (OperationalError, InterfaceError))
            and "sqlite" not in type(error.orig).__module__
        )
        return error.connection_invalidated or away
    return False


def encode(error: Exception) -> dict[str, Any]:
    """An error as JSON, so that a finished step fails in the same way when the job is replayed."""
    if isinstance(error, LunaError):
        facts = {
            "hint": error.hint,
            "code": error.code,
            "extra": to_jsonable_python(error.extra, fallback=str),
        }
        return {"type": type(error).__name__, "message": error.message, **facts}
    if isinstance(error, ProviderError):
        facts = {"kind": str(error.kind), "provider": error.provider, "status": error.status}
        return {"type": "ProviderError", "message": error.message, **facts}
    return {"type": "StepBroken", "message": plain(error)}


def decode(data: dict[str, Any]) -> Exception:
    """The error that `encode` was given; a bug comes back as `StepBroken`."""
    name, message = str(data.get("type", "")), str(data.get("message", ""))
    if name == "ProviderError":
        kind = ProviderFault(data["kind"])
        return ProviderError(kind, message, provider=data["provider"], status=data["status"])
    for kind in _all_refusals(LunaError):
        if kind.__name__ == name:
            refusal = kind.__new__(kind)  # subclasses have constructors of their own
            extra = cast("dict[str, Any]", data["extra"])
            LunaError.__init__(refusal, message, data["hint"], code=data["code"], **extra)
            return refusal
    return StepBroken(message or "internal error")


def _all_refusals(kind: type[LunaError]) -> list[type[LunaError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in _all_refusals(child))]
