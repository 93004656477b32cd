"""One story being played in the terminal: where it stands, and what happens with a line that is typed."""

import re
from dataclasses import dataclass, field

from luna.app.client import Client
from luna.app.play.screen import MARGIN, Screen, dollars
from luna.app.play.watching import watch
from luna.kernel.errors import LunaError
from luna.narration.types import ActRequest, Mode
from luna.story.types import Branch, Story, Turn
from luna.turns.types import MAX_ACTION

QUOTED = re.compile(r"^[\"“„«»](?P<said>.+?)[\"”“«»]?$", re.DOTALL)


@dataclass
class Session:
    """A story on the screen. `branch` is the one played on, `head` its last turn, `suggestions` what a
    number stands for."""

    client: Client
    screen: Screen
    story: Story
    branch: Branch
    head: Turn | None = None
    suggestions: tuple[str, ...] = ()
    spent: float = 0.0
    over: bool = field(default=False)

    @property
    def story_id(self) -> str:
        """The story's id."""
        return self.story.story_id

    @property
    def branch_id(self) -> str:
        """The id of the branch that is played on."""
        return self.branch.branch_id

    def run(self) -> None:
        """Read lines and act on them until /quit, the end of the input, or Ctrl+C."""
        from luna.app.play.commands import obey

        while not self.over:
            try:
                self.screen.say()
                line = self.screen.ask()
                if line is None:
                    break
                obey(self, line)
            except LunaError as error:
                self.screen.warn(error.message, error.hint)
                if error.code == "server-unreachable":
                    raise
            except KeyboardInterrupt:
                self.screen.say()
                break

    def act(self, text: str, mode: Mode) -> None:
        """Tell the next turn. A turn already under way is offered to be watched instead."""
        if len(text) > MAX_ACTION:
            self.screen.warn(f"That is longer than {MAX_ACTION} characters.", "Say it in several turns.")
            return
        self._tell(ActRequest(action=text, mode=mode, branch_id=self.branch_id))

    def plain(self, line: str) -> None:
        """A line without a command: a number takes a suggestion, quotes are speech, the rest is an act."""
        if line.isascii() and line.isdigit() and len(line) < 3:
            number = int(line)
            if not 1 <= number <= len(self.suggestions):
                self.screen.warn(f"There is no suggestion {number}.", "Type what you do, or /help.")
                return
            line = self.suggestions[number - 1]
            self.screen.note(f"> {line}")
        said = QUOTED.match(line)
        if said:
            self.act(said["said"], "say")
        else:
            self.act(line, "do")

    def retake(self) -> None:
        """Tell the last turn again, as a take beside it."""
        self._tell(ActRequest(retake=True, branch_id=self.branch_id))

    def _tell(self, wanted: ActRequest) -> None:
        try:
            telling = self.client.tell(self.story_id, wanted)
        except LunaError as error:
            turn_id = error.extra.get("turn_id")
            if error.code != "turn-in-progress" or not isinstance(turn_id, str):
                raise
            self.screen.warn(error.message)
            if self._wants_to_watch():
                self.watch(turn_id)
                self.screen.note("What you typed was not done: the turn above came first.")
            return
        self.watch(telling.turn_id, again=wanted.retake)

    def _wants_to_watch(self) -> bool:
        """Ask somebody at a terminal; a script goes on with what follows."""
        if not self.screen.is_terminal:
            return True
        answer = self.screen.ask("Watch it? [Y/n] ")
        return answer is not None and not answer.lower().startswith("n")

    def watch(self, turn_id: str, *, again: bool = False) -> None:
        """Watch a turn of the branch to its end, and stand at it then. `again`: it is a take of a turn."""
        turn = watch(self.client, self.screen, turn_id)
        if turn is not None and again:
            self.reload()  # only the tree knows how many takes there are
            self.stand_at(self.head)
        elif turn is not None:
            self.stand_at(turn)

    def stand_at(self, turn: Turn | None) -> None:
        """Make a turn the one that is stood at, and say what there is to know after it."""
        self.head = turn
        if turn is None:
            self.suggestions = ()
            self.screen.note("The story has no turn here.")
            return
        cut = turn.status in ("stopped", "interrupted")
        self.suggestions = turn.suggestions
        if cut and not self.suggestions:
            self.suggestions = tuple(self.client.suggestions(self.story_id, self.branch_id))
        remarks = [f"· {message}" for message in turn.messages]
        remarks += [f"! {finding.message}" for finding in turn.findings]
        if cut:
            remarks.append("What was written is kept; /retake tells the turn anew.")
        if remarks:
            self.screen.say()
        for remark in remarks:
            self.screen.note(remark)
        if self.suggestions:
            self.screen.say()
            self.screen.items(self.suggestions)
        self.status()

    def status(self) -> None:
        """The line below a turn: its number, its take, the branch, who told it, and the cost so far."""
        if self.head is None:
            return
        self.spent = self.client.spent_on(self.story_id)
        parts = [f"turn {self.head.turn_number}", self.branch.branch_name]
        if self.head.takes > 1:
            parts.insert(1, f"take {self.head.take} of {self.head.takes}")
        writer = self.head.engines.get("writer", "builtin")
        parts.append("built-in narrator" if writer == "builtin" else writer)
        parts.append(dollars(self.spent))
        self.screen.say()
        self.screen.note(" · ".join(parts))

    def show(self) -> None:
        """The turn that is stood at, as a reader comes to it."""
        if self.head is None:
            self.stand_at(None)
            return
        if self.head.action:
            self.screen.say()
            said = f"“{self.head.action}”" if self.head.mode == "say" else self.head.action
            self.screen.note(f"> {said}")
        self.screen.say()
        self.screen.say(self.head.narrative_text, margin=MARGIN)
        self.stand_at(self.head)

    def reload(self) -> None:
        """Read the branch and its last turn anew."""
        branches = self.client.branches(self.story_id)
        by_id = {b.branch_id: b for b in branches}
        active = next(b for b in branches if b.is_active)
        self.branch = by_id.get(self.branch_id, active)
        self.head = next(iter(self.client.turns(self.story_id, self.branch_id)), None)


def open_session(client: Client, screen: Screen, story: Story) -> Session:
    """A session at the head of a story's active branch, with that turn on the screen.

    A turn that is being told there right now is watched to its end.
    """
    branches = client.branches(story.story_id)
    branch = next((b for b in branches if b.is_active), branches[0])
    session = Session(client, screen, story, branch)
    screen.say()
    screen.say(story.title, "bold", margin=MARGIN)
    session.reload()
    if session.head is not None:
        session.show()
    if session.branch.busy_turn_id:
        session.watch(session.branch.busy_turn_id)
    elif session.head is None:
        session.stand_at(None)
    return session
