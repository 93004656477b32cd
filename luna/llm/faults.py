"""What a vendor's failure means: one of our kinds, with a message that is safe to show and to log.

The vendor's own text is only looked at, never repeated: error bodies may hold the prompt or parts of a key.
"""

import re

from luna.kernel.errors import ProviderFault
from luna.llm.providers import ProviderFacts
from luna.llm.types import ModelFault

_MEMORY = re.compile(
    r"out of (?:\w+ ){0,2}memory|cuda error: out of memory|insufficient memory|not enough (?:\w+ ){0,2}memory"
    r"|requires more system memory|failed to allocate|cudamalloc|std::bad_alloc|\boom\b",
    re.IGNORECASE,
)
_CONTEXT = re.compile(
    r"context (?:length|size|window)|exceed\w* (?:the )?(?:available )?context|too many tokens|prompt is too long"
    r"|maximum context|n_ctx|input token count",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"model\b.{0,120}\bnot (?:be )?found|no such model|unknown model|not a valid model|model_not_found", re.I
)
_REFUSED = re.compile(
    r"content.?(?:policy|filter|management)|safety|flagged|moderation|prohibited_content", re.I
)
_KEY = re.compile(r"api.?key not valid|invalid.{0,10}api.?key|incorrect api key|api_key_invalid", re.I)


def fault_from_status(
    facts: ProviderFacts, host: str, status: int, body: str, *, model: str = ""
) -> ModelFault:
    """The fault that an HTTP status and the text of the answer stand for."""
    kind = _kind_of(status, body)
    return make_fault(facts, host, kind, model=model, status=status, body=body)


def _kind_of(status: int, body: str) -> ProviderFault:
    if _MEMORY.search(body):
        return ProviderFault.out_of_memory
    if status in (401, 403):
        return (
            ProviderFault.refused if _REFUSED.search(body) and status == 403 else ProviderFault.unauthorized
        )
    if status == 400 and _KEY.search(body):
        return ProviderFault.unauthorized  # Google's way of saying so
    if status == 404 or (status == 400 and _MISSING.search(body)):
        return ProviderFault.missing_resource
    if status == 429:
        return ProviderFault.rate_limited
    if status in (408, 504):
        return ProviderFault.timeout
    if _CONTEXT.search(body):
        return ProviderFault.bad_output
    if status in (400, 422) and _REFUSED.search(body):
        return ProviderFault.refused
    if status in (400, 413, 422):
        return ProviderFault.bad_output
    if status == 402:
        return ProviderFault.unauthorized
    return ProviderFault.unavailable


def make_fault(
    facts: ProviderFacts,
    host: str,
    kind: ProviderFault,
    *,
    model: str = "",
    status: int | None = None,
    body: str = "",
    cause: str = "",
) -> ModelFault:
    """A fault with our own words for its kind."""
    named = f"the model {model}" if model else "that model"
    messages = {
        ProviderFault.unavailable: f"{facts.title} at {host} does not answer or is in trouble.",
        ProviderFault.rate_limited: f"{facts.title} asks to slow down: its rate limit or quota is reached.",
        ProviderFault.timeout: f"{facts.title} at {host} took too long to answer.",
        ProviderFault.bad_output: f"{facts.title} could not use the request or gave an unusable answer.",
        ProviderFault.out_of_memory: f"{facts.title} at {host} has not enough memory for {named}.",
        ProviderFault.missing_resource: f"{facts.title} at {host} does not have {named}.",
        ProviderFault.refused: f"{facts.title} declined to write this.",
        ProviderFault.unauthorized: f"{facts.title} did not accept the key.",
    }
    message = messages[kind]
    if kind is ProviderFault.bad_output and _CONTEXT.search(body):
        message = f"The request is longer than {named} can read."
    if kind is ProviderFault.unauthorized and status == 402:
        message = f"{facts.title} says that the account has no credit left."
    if kind is ProviderFault.unauthorized and facts.key_names and status != 402:
        message += f" Check the key, or {facts.key_names[0]}."
    return ModelFault(
        kind, message, provider=facts.name, status=status, cause=cause or (f"HTTP {status}" if status else "")
    )


def fault_from(facts: ProviderFacts, host: str, model: str, error: Exception) -> ModelFault:
    """The fault for an error of pydantic-ai or of the HTTP library beneath it."""
    from pydantic_ai import exceptions as vendor

    kind = ProviderFault.unavailable
    cause = type(error).__name__
    if isinstance(error, vendor.ModelHTTPError):
        fault = fault_from_status(facts, host, error.status_code, _text_of(error), model=model)
        if isinstance(error, vendor.ModelContextWindowExceededError):
            fault = make_fault(
                facts,
                host,
                ProviderFault.bad_output,
                model=model,
                status=error.status_code,
                body="context length",
            )
        return fault
    if isinstance(error, vendor.ModelAPIError):
        text = _text_of(error)
        if _MEMORY.search(text):
            kind = ProviderFault.out_of_memory
        elif isinstance(error, (vendor.ModelTimeoutError, vendor.ModelRequestTimeout)):
            # a connection that never opens is an unreachable host, not a slow model
            connecting = isinstance(error, vendor.ModelConnectionError) and error.phase in ("connect", "pool")
            kind = ProviderFault.unavailable if connecting else ProviderFault.timeout
        elif isinstance(error, (vendor.ModelRateLimitError, vendor.ModelQuotaExceededError)):
            kind = ProviderFault.rate_limited
        elif isinstance(error, vendor.ModelAuthenticationError):
            kind = ProviderFault.unauthorized
        elif isinstance(error, vendor.ModelNotFoundError):
            kind = ProviderFault.missing_resource
        elif isinstance(error, vendor.ModelRequestRejectedError) or _CONTEXT.search(text):
            kind = ProviderFault.refused if _REFUSED.search(text) else ProviderFault.bad_output
        return make_fault(facts, host, kind, model=model, body=text, cause=cause)
    if isinstance(error, vendor.UserError):
        kind = ProviderFault.missing_resource  # the library does not take the model's name
    elif isinstance(error, vendor.ContentFilterError):
        kind = ProviderFault.refused
    elif isinstance(error, (vendor.AgentRunError, ValueError)):
        kind = ProviderFault.bad_output
    return make_fault(facts, host, kind, model=model, cause=cause)


def _text_of(error: Exception) -> str:
    """What the vendor said, for looking at only."""
    return f"{error} {getattr(error, 'body', '') or ''}"[:20_000]
