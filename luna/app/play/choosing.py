"""The first screen of `luna play`: go on with a story, or begin one from a world, an idea or a file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from luna.app.client import Client
from luna.app.play.importing import FILE_ENDINGS, Imported, bring_in
from luna.app.play.screen import MARGIN, Screen
from luna.app.play.session import Session, open_session
from luna.app.play.watching import watch
from luna.kernel.errors import BadInput, NotFound, Unavailable
from luna.narration.types import NewStory
from luna.story.types import Story

MOST_LISTED = 9


def find_story(stories: Sequence[Story], wanted: str) -> Story:
    """The story whose title or id is, or begins with, what was typed. Raises NotFound, BadInput."""
    text = wanted.casefold().strip()
    exact = [s for s in stories if s.story_id == text or s.title.casefold() == text]
    found = exact or [
        s for s in stories if s.title.casefold().startswith(text) or s.story_id.startswith(text)
    ]
    if not found or not text:
        titles = ", ".join(f"“{s.title}”" for s in stories[:6])
        raise NotFound(
            "story", f"There are: {titles}." if titles else "There are none yet; `luna play` begins one."
        )
    if len(found) > 1 and (not exact or len({s.title for s in exact}) == len(exact)):
        names = ", ".join(f"“{s.title}” ({s.story_id[:8]})" for s in found[:6])
        raise BadInput(f"Several stories begin so: {names}.", "Type more of the title, or the id.")
    return found[0]


def begin_playing(client: Client, screen: Screen, story: str = "") -> Session | None:
    """Choose or begin a story and open it. None when the person leaves instead."""
    if story:
        return open_session(client, screen, find_story(client.stories(), story))
    return _Menu(client, screen).choose()


class _Menu:
    """What can be chosen, numbered in one row: stories, worlds, an idea, a file."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self.client = client
        self.screen = screen
        self.stories = client.stories()[:MOST_LISTED]
        self.worlds = client.worlds()

    def choose(self) -> Session | None:
        """Show the menu and act on the answer, again after a refusal."""
        self.show()
        while True:
            self.screen.say()
            answer = self.screen.ask("> ")
            if answer is None or answer.lower() in ("/quit", "/q", "/exit", "q", "quit"):
                return None
            if not answer:
                continue
            try:
                session = self.take(answer)
            except (BadInput, NotFound) as error:
                self.screen.warn(error.message, error.hint)
                continue
            if session is not None:
                return session

    def show(self) -> None:
        """List everything."""
        screen = self.screen
        screen.say()
        screen.say("LUNA-Narrates", "bold", margin=MARGIN)
        if self.stories:
            screen.say()
            screen.note("Go on with")
            for number, story in enumerate(self.stories, 1):
                turns = f"{story.turn_count} turn{'' if story.turn_count == 1 else 's'}"
                self._row(number, story.title, f"{turns}, {ago(story.updated_at)}")
        screen.say()
        screen.note("Begin")
        for number, world in enumerate(self.worlds, len(self.stories) + 1):
            self._row(number, world.title, world.blurb)
        self._row(self._after, "Your own, from a sentence", "")
        self._row(self._after + 1, "From a character card or a world file", "")
        screen.say()
        screen.note("Type a number, or simply what your story is about. /quit leaves.")

    @property
    def _after(self) -> int:
        """The first number after stories and worlds."""
        return len(self.stories) + len(self.worlds) + 1

    def _row(self, number: int, title: str, more: str) -> None:
        self.screen.hanging(f"{number:>2}", title)
        if more:
            self.screen.say(more, "dim", margin=MARGIN + "   ")

    def take(self, answer: str) -> Session | None:
        """Open what an answer stands for."""
        if not (answer.isascii() and answer.isdigit() and len(answer) < 4):
            return self._from_words(answer)
        number = int(answer) - 1
        if 0 <= number < len(self.stories):
            return open_session(self.client, self.screen, self.stories[number])
        number -= len(self.stories)
        if 0 <= number < len(self.worlds):
            return self.begin(NewStory(world_id=self.worlds[number].id))
        number -= len(self.worlds)
        if number == 0:
            idea = self.screen.ask("What is it about? ")
            return self.begin(NewStory(premise=idea)) if idea else None
        if number == 1:
            path = self.screen.ask("Which file? ")
            return self._from_file(Path(path)) if path else None
        raise BadInput("There is no such number.", f"The last one is {self._after + 1}.")

    def _from_words(self, answer: str) -> Session | None:
        """A path that is there is a file; anything longer than a word is an idea."""
        path = answer.strip("'\"")
        if path.lower().endswith(FILE_ENDINGS):
            return self._from_file(Path(path))
        if answer.startswith("/"):
            raise BadInput("No story is open yet.", "Type a number, or what your story is about.")
        if len(answer.split()) < 2:
            matches = [s for s in self.stories if s.title.casefold().startswith(answer.casefold())]
            if len(matches) == 1:
                return open_session(self.client, self.screen, matches[0])
            raise BadInput("That is very short for an idea.", "Type a sentence, or a number.")
        return self.begin(NewStory(premise=answer))

    def _from_file(self, path: Path) -> Session | None:
        brought = bring_in(self.client, path.expanduser())
        for row in brought.rows:
            self.screen.note(row)
        return self.begin(story_from(brought))

    def begin(self, new: NewStory) -> Session:
        """Begin a story and watch its opening."""
        telling = self.client.begin(new)
        story = self.client.story(telling.story_id)
        self.screen.say()
        self.screen.say(story.title, "bold", margin=MARGIN)
        turn = watch(self.client, self.screen, telling.turn_id)
        branches = self.client.branches(story.story_id)
        session = Session(self.client, self.screen, story, branches[0])
        if turn is None:
            raise Unavailable(
                "The story has no opening yet.",
                f"It is kept as “{story.title}”: choose it to try again.",
                code="no-opening",
            )
        session.stand_at(turn)
        self.screen.note("Type what you do, a number, or /help.")
        return session


def story_from(brought: Imported) -> NewStory:
    """A story from a file that was taken in."""
    if brought.kind == "world":
        return NewStory(world_id=brought.id)
    if brought.kind == "lorebook":
        return NewStory(title=brought.name, lorebook_ids=(brought.id,))
    return NewStory(character_card_ids=(brought.id,))


def ago(then: datetime) -> str:
    """How long ago, in plain words."""
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"
