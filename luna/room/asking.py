"""Asking a chain of models: one more try with the fault named, then the next model, then nobody.

What a model answers wrongly, not at all, too late or not willingly never ends a turn here; it only leaves a
line in the trace. What the caller does when nobody answered is the built-in agent's business.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from luna.kernel.errors import CapReached, ProviderError, ProviderFault
from luna.llm.types import ChatMessage, ChatModel, ChatReply, ChatRequest, ModelFault, Usage
from luna.room.prompting import Prompt
from luna.story.types import AgentTrace

T = TypeVar("T")

WORTH_ANOTHER_TRY = {
    ProviderFault.bad_output,
    ProviderFault.refused,
    ProviderFault.timeout,
    ProviderFault.unavailable,
    ProviderFault.rate_limited,
}
TRIES = 2
THINKING = re.compile(r"<think>.*?</think>\s*", re.DOTALL)


class BadAnswer(Exception):
    """A model answered, but the answer cannot be used. The message is shown to the model and the user."""


@dataclass
class Record:
    """What happened while an agent asked its models; becomes the trace of the turn."""

    agent: str
    prompt: Prompt | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    usage: Usage = field(default_factory=lambda: Usage(0, 0, 0, True))
    started: float = field(default_factory=time.monotonic)

    def note(self, model: ChatModel, outcome: str, answer: str, usage: Usage | None) -> None:
        """One attempt and how it ended."""
        self.attempts.append({"engine": engine_name(model), "outcome": outcome, "answer": answer[:20_000]})
        if usage is not None:
            old = self.usage
            self.usage = Usage(
                old.fresh + usage.fresh,
                old.cached + usage.cached,
                old.output + usage.output,
                old.reported and usage.reported,
            )

    def trace(self, engine: str, answered: Any, given: Any = None) -> AgentTrace:
        """The trace of the whole step."""
        prompt = self.prompt
        sent = None if prompt is None else {"rules": prompt.rules, "story": prompt.story, "turn": prompt.turn}
        return AgentTrace(
            agent=self.agent,
            engine=engine,
            given=given if given is not None else sent,
            answered=answered,
            attempts=tuple(self.attempts),
            prompt_version=f"{prompt.file}@{prompt.version}" if prompt else "",
            seconds=round(time.monotonic() - self.started, 4),
            fresh_tokens=self.usage.fresh,
            cached_tokens=self.usage.cached,
            output_tokens=self.usage.output,
        )

    def messages(self, engine: str) -> tuple[str, ...]:
        """What went wrong, in plain words; empty when nothing did."""
        faults = [f"{a['engine']}: {a['outcome']}" for a in self.attempts if a["outcome"] != "used"]
        if not faults:
            return ()
        who = "the built-in one" if engine == "builtin" else engine
        return (f"{self.agent.capitalize()}: {'; '.join(faults)}. Done by {who}.",)


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A usable answer and the model it came from."""

    value: T
    engine: str


def engine_name(model: ChatModel) -> str:
    """How a model is called in traces: provider/model."""
    return f"{model.choice.provider}/{model.choice.model}"


def request_for(prompt: Prompt, *, max_tokens: int, timeout_seconds: float, **more: Any) -> ChatRequest:
    """The request that sends a prompt: rules and story as the stable part, the turn as the message."""
    system = tuple(part for part in (prompt.rules, prompt.story) if part)
    return ChatRequest(
        messages=(ChatMessage("user", prompt.turn),),
        system=system,
        stable=len(system),
        max_tokens=max_tokens,
        timeout_seconds=timeout_seconds,
        **more,
    )


def with_fault(request: ChatRequest, answer: str, fault: str) -> ChatRequest:
    """The same request once more, with what was wrong with the first answer said at its end."""
    said = (ChatMessage("assistant", answer[:4000]),) if answer.strip() else ()
    told = ChatMessage("user", f"That answer cannot be used: {fault} Answer again, correctly.")
    return replace(request, messages=(*request.messages, *said, told))


async def ask(
    record: Record,
    models: Sequence[ChatModel],
    request: ChatRequest,
    read: Callable[[ChatReply], T],
) -> Answer[T] | None:
    """The first usable answer along the chain, or None when nobody gave one.

    `read` turns a reply into the value or raises BadAnswer with the fault in words.
    """
    for model in models:
        attempt = request
        for _ in range(TRIES):
            answer, usage, again = "", None, True
            try:
                reply = await model.complete(attempt)
                answer, usage = reply.text, reply.usage
                value = read(reply)
                record.note(model, "used", answer, usage)
                return Answer(value, engine_name(model))
            except BadAnswer as error:
                fault = str(error)
            except (ProviderError, CapReached) as error:
                fault, answer, usage, again = what_failed(error)
            record.note(model, fault, answer, usage)
            if not again:
                break
            attempt = with_fault(request, answer, fault)
    return None


def what_failed(error: ProviderError | CapReached) -> tuple[str, str, Usage | None, bool]:
    """A fault in words, what was answered, what it used, and whether another try is worth it."""
    if isinstance(error, CapReached):
        return error.message, "", None, False
    raw = error.raw if isinstance(error, ModelFault) else ""
    usage = error.usage if isinstance(error, ModelFault) else None
    return error.message, raw, usage, error.kind in WORTH_ANOTHER_TRY


def without_thinking(text: str) -> str:
    """The answer without the thoughts that some models print before it."""
    return THINKING.sub("", text).strip()
