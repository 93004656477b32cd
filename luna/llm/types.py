"""What goes to a chat model and what comes back. No vendor's word appears here.

These are dataclasses, not pydantic models: they never cross the wire, and a request carries a class.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from luna.kernel.errors import ProviderError, ProviderFault
from luna.kernel.values import ModelChoice

Role = Literal["user", "assistant"]
Finish = Literal["stop", "length"]


@dataclass(frozen=True)
class ChatMessage:
    """One message of the conversation. What the model is told to be goes into `ChatRequest.system`."""

    role: Role
    text: str


@dataclass(frozen=True, kw_only=True)
class ChatRequest:
    """One call of a chat model.

    `system` holds the instructions, those that change least first; the first `stable` of them are the same
    in the next call too, and are what a provider's prompt cache is asked to keep. With a `schema` the answer
    must be JSON that fits it. `timeout_seconds` is the longest wait for the first or the next token.
    """

    messages: tuple[ChatMessage, ...]
    system: tuple[str, ...] = ()
    stable: int = 1
    max_tokens: int = 700
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    schema: type[BaseModel] | None = None
    timeout_seconds: float = 120.0
    stop: tuple[str, ...] = ()

    def prompt(self) -> str:
        """Everything that is sent, as one text: what the offline token counter measures."""
        return "\n\n".join((*self.system, *(m.text for m in self.messages)))


@dataclass(frozen=True)
class Usage:
    """Tokens of one call. `fresh` + `cached` went in, `output` came out.

    `written` is the part of `fresh` that the provider put into its prompt cache (some bill that dearer).
    `reported` is false when the provider said nothing and the numbers were counted here.
    """

    fresh: int
    cached: int
    output: int
    reported: bool
    written: int = 0


@dataclass(frozen=True)
class TextDelta:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True)
class ChatReply:
    """A whole answer. `value` is the parsed answer when the request had a schema. `model` is the name the
    server gave. `length` means that it was cut at `max_tokens`."""

    text: str
    usage: Usage
    model: str
    finish: Finish = "stop"
    value: BaseModel | None = None


class ModelFault(ProviderError):
    """A chat model failed. `raw` is what it had written until then (its own words, never the prompt), `usage`
    what that used when the provider said so; `cause` is a short technical note that is safe to log."""

    def __init__(
        self,
        kind: ProviderFault,
        message: str,
        *,
        provider: str = "",
        status: int | None = None,
        raw: str = "",
        usage: Usage | None = None,
        cause: str = "",
    ) -> None:
        super().__init__(kind, message, provider=provider, status=status)
        self.raw = raw
        self.usage = usage
        self.cause = cause


@runtime_checkable
class ChatModel(Protocol):
    """A chat model. Cancelling the task that waits for it ends the call at the server at once."""

    @property
    def choice(self) -> ModelChoice:
        """Which provider, model and host this is."""
        ...

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Ask and wait for the whole answer. Raises ModelFault."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | ChatReply]:
        """Ask and get the answer piece by piece; the ChatReply with the whole text comes last.

        Read it under `contextlib.aclosing`, so that a reader who stops early ends the call. Raises ModelFault.
        """
        ...
