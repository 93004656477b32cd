"""Watching a turn being told: prose word by word, the agents in one dim line, Ctrl+C to stop, and coming
back after a broken connection without losing or repeating a word."""

import time
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from luna.app.client import Client
from luna.app.client_wire import Event, ServerAway
from luna.app.play.screen import MARGIN, Screen, Wrapper
from luna.story.types import Turn

GIVE_UP_SECONDS = 30.0
"""How long a connection may stay broken before the reader is told."""
AGENTS = {"researcher": "researcher", "strategist": "strategist", "writer": "writer"}


@dataclass
class Showing:
    """What was shown of a turn so far, and how it ended."""

    screen: Screen
    path: list[str] = field(default_factory=lambda: ["looking back"])
    text: str = ""
    wrapper: Wrapper | None = None
    turn: Turn | None = None
    failed: bool = False

    def show(self, event: Event) -> None:
        """Show one event."""
        match event.type:
            case "agent_start":
                self._step(str(event.data.get("agent", "")))
            case "delta":
                self._words(str(event.data.get("text", "")))
            case "restart":
                self._restart(str(event.data.get("reason", "")))
            case "error":
                self._error(event.data)
            case "done":
                self._done(event.data)
            case _:
                if not self.text and self.wrapper is None:
                    self.screen.progress(" → ".join(self.path) + " …")

    def break_off(self) -> None:
        """End the line that is being written."""
        if self.wrapper is not None:
            self.screen.write(self.wrapper.end())
            self.wrapper = None

    def _step(self, agent: str) -> None:
        if agent in AGENTS and self.wrapper is None:
            if agent not in self.path:
                self.path.append(agent)
            self.screen.progress(" → ".join(self.path) + " …")

    def _words(self, text: str) -> None:
        if self.wrapper is None:
            self.wrapper = Wrapper(self.screen.width, MARGIN)
            if not self.text:
                self.screen.write("\n")
        self.text += text
        self.screen.write(self.wrapper.add(text))

    def _restart(self, reason: str) -> None:
        if self.text:
            self.break_off()
            self.screen.say()
            self.screen.note(f"(The writer begins this turn again: {reason})")
        self.text = ""

    def _error(self, data: dict[str, Any]) -> None:
        self.break_off()
        self.failed = True
        self.screen.warn(str(data.get("detail", "The turn was not told.")), str(data.get("hint", "")))

    def _done(self, data: dict[str, Any]) -> None:
        self.break_off()
        try:
            self.turn = Turn.model_validate(data.get("turn"))
        except ValidationError:
            self.failed = True
            self.screen.warn("The server answers in a way this program does not understand.")
            return
        if self.turn.narrative_text.split() != self.text.split():
            if self.text:
                self.screen.note("(The turn as it was kept:)")
            self.screen.say()
            self.screen.say(self.turn.narrative_text, margin=MARGIN)


def watch(client: Client, screen: Screen, turn_id: str) -> Turn | None:
    """Follow a telling to its end. Gives the turn, or None when there is none; the reason was shown then.

    The first Ctrl+C ends the telling and keeps what is written; the second one leaves.
    """
    with screen.silent_keys():
        return _follow(client, screen, turn_id)


def _follow(client: Client, screen: Screen, turn_id: str) -> Turn | None:
    showing = Showing(screen)
    screen.progress("looking back …")
    last, alive, stopping = "", time.monotonic(), False
    while showing.turn is None:
        try:
            for event in client.events(turn_id, last):
                alive = time.monotonic()
                last = event.id or last
                showing.show(event)
            if showing.turn or showing.failed:
                break
            # The stream ended before the turn did: the server stops, or another one tells the turn.
            _wait(alive)
        except ServerAway:
            if showing.wrapper is None:
                screen.progress("the connection broke, trying again …")
            _wait(alive)
        except KeyboardInterrupt:
            if stopping:
                raise
            stopping = True
            screen.progress("stopping …") if showing.wrapper is None else None
            client.stop(turn_id)
    screen.settle()
    return showing.turn


def _wait(alive: float) -> None:
    if time.monotonic() - alive > GIVE_UP_SECONDS:
        raise ServerAway(
            "The connection to the server broke, and it does not come back.",
            "What was told until then is kept there. Start `luna play` again to go on.",
        )
    time.sleep(0.5)
