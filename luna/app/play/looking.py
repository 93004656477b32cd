"""Commands that only look: the state of the world, why a turn came out so, and the costs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from luna.app.play.screen import MARGIN, dollars
from luna.app.play.session import Session
from luna.kernel.errors import BadInput
from luna.story.types import AgentTrace

if TYPE_CHECKING:
    from luna.exporters.renpy.service import ExportReport

LONGEST = 6000
"""How much of what an agent was given or answered is shown, in characters."""


def state(session: Session, _: str) -> None:
    """Time, place, people, things."""
    view = session.client.state(session.story_id, session.branch_id)
    for part in view.standing.rstrip(".").split("; "):
        session.screen.say(part[:1].upper() + part[1:], margin=MARGIN)


def why(session: Session, rest: str) -> None:
    """What each agent did for the last turn; with an agent's name everything it was given and answered."""
    if session.head is None:
        raise BadInput("There is no turn here yet.", "Type what you do.")
    traces = session.client.traces(session.head)
    if rest:
        _one(session, traces, rest.lower())
        return
    screen = session.screen
    for trace in traces:
        screen.say(_line(trace), margin=MARGIN)
        for attempt in trace.attempts:
            fault = attempt.get("fault") or attempt.get("error")
            if fault:
                screen.note(f"    tried {attempt.get('engine', 'a model')}: {fault}")
    _briefing(session)
    for finding in session.head.findings:
        screen.note(f"! {finding.message}" + (f" ({finding.fix})" if finding.fix else ""))
    screen.say()
    screen.note("/why writer shows all that the writer was given and answered.")


def _line(trace: AgentTrace) -> str:
    engine = "built in" if trace.engine == "builtin" else trace.engine
    parts = [f"{trace.agent}: {engine}", f"{trace.seconds:.2f} s"]
    if trace.fresh_tokens or trace.cached_tokens or trace.output_tokens:
        cached = f" ({trace.cached_tokens} cached)" if trace.cached_tokens else ""
        parts.append(f"{trace.fresh_tokens + trace.cached_tokens}{cached} → {trace.output_tokens} tokens")
    if trace.cost_usd:
        parts.append(dollars(trace.cost_usd))
    return ", ".join(parts)


def _briefing(session: Session) -> None:
    """What the researcher chose to remember, with reasons."""
    head = session.head
    items: list[Any] = list(head.briefing.get("items", ())) if head else []
    if head is None or not items:
        return
    screen = session.screen
    screen.say()
    used = head.briefing.get("tokens", 0)
    screen.say(
        f"Remembered for this turn ({used} of {head.briefing.get('budget', '?')} tokens):", margin=MARGIN
    )
    for item in items:
        if isinstance(item, Mapping):
            fields = cast("Mapping[str, Any]", item)
            text = " ".join(str(fields.get("text", "")).split())
            short = text if len(text) <= 160 else text[:159] + "…"
            screen.hanging("-", short)
            screen.say(f"{fields.get('kind', '')}: {fields.get('reason', '')}", "dim", margin=MARGIN * 2)


def _one(session: Session, traces: list[AgentTrace], name: str) -> None:
    found = [t for t in traces if t.agent.startswith(name)]
    if not found:
        raise BadInput(
            f"No agent called {name!r} worked on this turn.", f"{', '.join(t.agent for t in traces)}."
        )
    for trace in found:
        session.screen.say(_line(trace), "bold", margin=MARGIN)
        for title, value in (("given", trace.given), ("answered", trace.answered)):
            session.screen.note(f"{title}:")
            text = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
            cut = "" if len(text) <= LONGEST else f"\n… {len(text) - LONGEST} more characters"
            session.screen.lines((text[:LONGEST] + cut).splitlines(), margin=MARGIN * 2)


def cost(session: Session, _: str) -> None:
    """What the story has cost, by agent, and what the next turn will cost at most."""
    screen = session.screen
    told = session.client.story_cost(session.story_id)
    screen.say(f"This story: {dollars(told.spent.cost_usd)}, {told.spent.calls} model calls.", margin=MARGIN)
    for line in told.agents:
        local = " (on your own machine)" if line.local else ""
        tokens = line.spent.fresh_tokens + line.spent.cached_tokens
        what = f"{line.agent}: {line.provider}/{line.model}{local}, {line.spent.calls} calls"
        screen.note(f"{what}, {tokens} → {line.spent.output_tokens} tokens, {dollars(line.spent.cost_usd)}")
    ahead = session.client.forecast(session.story_id)
    if not ahead.lines:
        screen.note("The next turn costs nothing: the built-in narrator tells it.")
        return
    known = "" if ahead.price_known else " (a price is unknown)"
    screen.note(f"The next turn costs at most {dollars(ahead.total_usd)}{known}.")


def export_rows(report: "ExportReport", out: Path) -> list[str]:
    """What an export came to, as lines."""
    rows = [f"{'Written to' if report.written else 'Would be written to'} {out}: {len(report.files)} files,"]
    rows[0] += f" {report.lines} lines, {report.choices} choices, {report.endings} endings."
    rows += [f"{d.severity.value}: {d.message} {d.fix}".rstrip() for d in report.diagnostics]
    return rows
