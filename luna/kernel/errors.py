"""What can go wrong, in the four kinds of docs/architecture: refusal, provider fault, finding, bug.

A `LunaError` is a refusal: expected, said in plain words, with a stable code and a hint. The web edge
turns it into an RFC 9457 problem+json answer; the command line prints it. A `ProviderError` is raised only
where a vendor is called; its kind decides about retry and fallback.
"""

from enum import StrEnum
from typing import Any

from luna.kernel.values import Frozen


class LunaError(Exception):
    """A refusal that the person can do something about.

    `code` is stable and lower-case with dashes; `status` is the HTTP status; `hint` says what to do;
    `extra` holds facts for programs (for example the turn in progress) and is put into the problem answer.
    """

    code = "refused"
    status = 400

    def __init__(self, message: str, hint: str = "", *, code: str | None = None, **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.extra = extra
        if code:
            self.code = code


class BadInput(LunaError):
    """The request cannot be understood or is out of bounds."""

    code = "bad-input"
    status = 422


class NotFound(LunaError):
    """No such thing, or it belongs to somebody else: the answer is the same."""

    code = "not-found"
    status = 404

    def __init__(self, what: str, hint: str = "Check the id; the list route shows what there is.") -> None:
        super().__init__(f"No such {what}.", hint, code=f"{what.replace(' ', '-')}-not-found")


class Conflict(LunaError):
    """The request is right but not now."""

    code = "conflict"
    status = 409


class NotSignedIn(LunaError):
    """Nobody is signed in, and this needs somebody."""

    code = "not-signed-in"
    status = 401


class Forbidden(LunaError):
    """Signed in, but this is not yours to do."""

    code = "forbidden"
    status = 403


class TooMany(LunaError):
    """Too many attempts in too short a time."""

    code = "too-many-attempts"
    status = 429


class CapReached(LunaError):
    """The spending cap would be passed by this call, so it was not made."""

    code = "cap-reached"
    status = 402


class Unavailable(LunaError):
    """Something this depends on is away for now: full disk, locked database, unreachable host."""

    code = "unavailable"
    status = 503


class ProviderFault(StrEnum):
    """Why a vendor's call failed. The first four may be worth another try; the rest are not."""

    unavailable = "unavailable"
    rate_limited = "rate_limited"
    timeout = "timeout"
    bad_output = "bad_output"
    out_of_memory = "out_of_memory"
    missing_resource = "missing_resource"
    refused = "refused"
    unauthorized = "unauthorized"


class ProviderError(Exception):
    """A vendor failed. Raised only at the place where the vendor is called.

    `message` is safe to show and to log: it never contains a key or a whole prompt.
    """

    def __init__(
        self, kind: ProviderFault, message: str, *, provider: str = "", status: int | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.provider = provider
        self.status = status


class Severity(StrEnum):
    """How much a finding matters to the author."""

    info = "info"
    warning = "warning"
    error = "error"


class Diagnostic(Frozen):
    """A finding for the author: a value, returned in lists, never raised.

    `where` names the place (a node, a line, a turn); `fix` says what to do about it.
    """

    code: str
    severity: Severity
    where: str
    message: str
    fix: str = ""
