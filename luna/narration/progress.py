"""What a telling has come to so far, and how it is said to whoever watches.

The events are those of the API: status, cost_estimate, agent_start, agent_complete, delta, restart, error,
done. They go to the channel named after the turn.
"""

from dataclasses import dataclass, field
from typing import Any

from luna.costs.types import Forecast
from luna.kernel.errors import LunaError
from luna.kernel.live import LiveEvent, LiveEvents
from luna.room.types import Restart, Step, Words
from luna.story.types import AgentTrace, Telling, Turn
from luna.turns.types import Plan


@dataclass
class Progress:
    """The telling as it goes. `text` is the prose so far; `plan` is there once it is made."""

    live: LiveEvents
    telling: Telling
    text: str = ""
    plan: Plan | None = None
    traces: list[AgentTrace] = field(default_factory=list[AgentTrace])
    messages: list[str] = field(default_factory=list[str])

    def say(self, kind: str, data: dict[str, Any], *, final: bool = False) -> None:
        """Publish an event of the telling."""
        self.live.publish(self.telling.turn_id, kind, data, final=final)

    def status(self, message: str) -> None:
        """What is being done now, for people."""
        self.say("status", {"message": message, "turn_id": self.telling.turn_id})

    def estimate(self, forecast: Forecast) -> None:
        """What the turn will cost at most."""
        self.say("cost_estimate", forecast.model_dump(mode="json"))

    def start(self, agent: str) -> None:
        """An agent begins."""
        self.say("agent_start", {"agent": agent})

    def complete(self, step: Step[Any], **summary: Any) -> None:
        """An agent is done: note its trace and what went wrong."""
        self.traces.append(step.trace)
        self.messages.extend(step.messages)
        self.say(
            "agent_complete",
            {
                "agent": step.trace.agent,
                "engine": step.trace.engine,
                "seconds": step.trace.seconds,
                "output_tokens": step.trace.output_tokens,
                "messages": list(step.messages),
                **summary,
            },
        )

    def words(self, piece: Words | Restart) -> None:
        """The prose goes on, or begins anew."""
        if isinstance(piece, Words):
            self.text += piece.text
            self.say("delta", {"text": piece.text})
        else:
            self.text = ""
            self.say("restart", {"reason": piece.reason})

    def done(self, turn: Turn) -> None:
        """The turn is kept: the last event."""
        self.say("done", {"turn": turn.model_dump(mode="json")}, final=True)

    def failed(self, error: LunaError, trace: str = "") -> None:
        """Nothing was kept: the last event."""
        self.say("error", error_data(error, trace), final=True)


def error_data(error: LunaError, trace: str = "") -> dict[str, Any]:
    """An error as the stream tells it: the fields of a problem answer."""
    return {
        "code": error.code,
        "status": error.status,
        "detail": error.message,
        "hint": error.hint,
        "trace": trace,
        **error.extra,
    }


def prose_of(events: list[LiveEvent]) -> str:
    """The prose that a channel carried, after its last restart."""
    text = ""
    for event in events:
        if event.type == "delta":
            text += str(event.data.get("text", ""))
        elif event.type == "restart":
            text = ""
    return text


def plan_of(events: list[LiveEvent]) -> Plan | None:
    """The plan that a channel carried, if it came that far."""
    for event in events:
        if event.type == "agent_complete" and "plan" in event.data:
            return Plan.model_validate(event.data["plan"])
    return None
