"""`luna narrator play` and `luna narrator lint`: the built-in narrator alone, with no database and no server."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from luna.app.cli import Refused

if TYPE_CHECKING:
    from luna.app.play.screen import Screen
    from luna.kernel.errors import Diagnostic
    from luna.turns.types import Mode
    from luna.turns.world import World


@click.group()
def narrator() -> None:
    """Try or check a world file with the built-in narrator. Nothing is saved."""


@narrator.command()
@click.argument("world")
@click.option("--seed", default="1", show_default=True, help="The same seed and acts give the same text.")
def play(world: str, seed: str) -> None:
    """Play WORLD: a world file, or the id of a world that comes along. Nothing is saved."""
    from luna.app.play.screen import Screen

    screen = Screen()
    telling = _Telling(load(world), seed)
    screen.say()
    screen.say(telling.world.title, "bold", margin="  ")
    _show(screen, telling, "", "opening")
    screen.note("Type what you do, a number, or /quit.")
    try:
        while (line := screen.ask("\n> ")) is not None and line not in ("/quit", "/q", "/exit"):
            if not line:
                continue
            number = int(line) if line.isascii() and line.isdigit() and len(line) < 3 else 0
            if 0 < number <= len(telling.suggestions):
                line = telling.suggestions[number - 1]
                screen.note(f"> {line}")
            said = len(line) > 1 and line[0] in '"“'
            _show(screen, telling, line.strip('"“”') if said else line, "say" if said else "do")
    except KeyboardInterrupt:
        screen.say()


def load(world: str) -> "World":
    """A world by the path of its file, or by the id of one that comes along. Raises BadInput."""
    from luna.narrator import service

    path = Path(world).expanduser()
    if path.is_file():
        return service.load_world(path)
    if "/" in world or "\\" in world or "." in world:
        raise Refused(f"There is no file {world}.", "Check the path.")
    return service.builtin_world(world)


class _Telling:
    """A story in memory."""

    def __init__(self, world: "World", seed: str) -> None:
        from luna.kernel.values import Dice
        from luna.narrator import service
        from luna.turns.events import WorldState, rebuild

        self.world = service.compile_world(world)
        self.state = rebuild(WorldState(), service.initial_events(self.world))
        self.path = Dice.seeded(seed).path
        self.number = 0
        self.suggestions: Sequence[str] = ()

    def turn(self, text: str, mode: "Mode") -> str:
        """Tell the next turn."""
        from luna.narrator import service
        from luna.turns.events import rebuild
        from luna.turns.types import Action, Situation
        from luna.turns.world import Style

        action = Action(text=text, mode=mode)
        dice = action.dice(self.path, 0)
        situation = Situation(
            world=self.world,
            state=self.state,
            action=action,
            number=self.number,
            style=Style(tone=self.world.tone),
            dice=dice,
        )
        draft = service.tell(situation, service.plan(situation))
        self.state = rebuild(self.state, draft.events)
        self.path = dice.path
        self.number += 1
        self.suggestions = service.suggest(self.world, self.state, dice)
        return draft.text


def _show(screen: "Screen", telling: _Telling, text: str, mode: "Mode") -> None:
    from luna.turns.types import MAX_ACTION

    if len(text) > MAX_ACTION:
        screen.warn(f"That is longer than {MAX_ACTION} characters.")
        return
    screen.say()
    screen.say(telling.turn(text, mode), margin="  ")
    screen.say()
    screen.items(telling.suggestions)


@narrator.command()
@click.argument("file", type=click.Path(path_type=Path))
def lint(file: Path) -> None:
    """Check a world file: what cannot be read, what leads nowhere. Ends with 1 when there is an error."""
    from luna.kernel.errors import Severity
    from luna.narrator import service
    from luna.narrator.lint import lint_world

    if not file.is_file():
        raise Refused(f"There is no file {file}.", "Check the path.")
    world = service.load_world(file)
    found = lint_world(world)
    for finding in found:
        click.echo(_row(finding))
    errors = sum(f.severity is Severity.error for f in found)
    parts = f"{len(world.places)} places, {len(world.characters)} characters, {len(world.items)} things"
    click.echo(f"{file.name}: {parts}, {sum(len(t.beats) for t in world.threads)} beats.")
    if errors:
        raise Refused(f"{errors} error{'' if errors == 1 else 's'}.", "")
    click.echo(f"No errors, {len(found)} remark{'' if len(found) == 1 else 's'}.")


def _row(finding: "Diagnostic") -> str:
    fix = f" {finding.fix}" if finding.fix else ""
    return f"{finding.severity.value}: {finding.where}: {finding.message}{fix}"
