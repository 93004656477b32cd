"""The command `luna`. Only this file is read for `luna --help`; each command brings along what it needs."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8001


class Entry(NamedTuple):
    """Where a command is, and its line in the help."""

    where: str
    about: str


COMMANDS = {
    "play": Entry("luna.app.cli_play:play", "Play a story in this terminal."),
    "serve": Entry("luna.app.cli_server:serve", "Run the server."),
    "stories": Entry("luna.app.cli_stories:stories", "List your stories."),
    "import": Entry("luna.app.cli_stories:import_", "Take in character cards, World Info, world files."),
    "export": Entry("luna.app.cli_stories:export", "Write a story as a game for another engine."),
    "costs": Entry("luna.app.cli_stories:costs", "What was spent, and on what."),
    "models": Entry("luna.app.cli_models:models", "Which model each agent uses, and what runs here."),
    "prompts": Entry("luna.app.cli_models:prompts", "Look at the prompts the agents are sent."),
    "settings": Entry("luna.app.cli_models:settings", "Show or change settings."),
    "narrator": Entry("luna.app.cli_narrator:narrator", "Try or check a world file, without a database."),
    "worker": Entry("luna.app.cli_server:worker", "Only do jobs, for a server on PostgreSQL."),
    "doctor": Entry("luna.app.cli_server:doctor", "What is installed, what is missing, how to mend it."),
}


class Refused(click.ClickException):
    """A refusal as the command line tells it: what is wrong, then what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it on stderr."""
        click.echo(self.message, err=True)
        if self.hint:
            click.echo(self.hint, err=True)


class LazyGroup(click.Group):
    """The commands by name; the module of one is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry.where.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help, without importing anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.about) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it refuses is said in two lines, without a traceback."""
        from luna.kernel.errors import LunaError, ProviderError

        try:
            return super().invoke(ctx)
        except LunaError as error:
            raise Refused(error.message, error.hint) from error
        except ProviderError as error:
            raise Refused(error.message, "`luna models` shows what is set.") from error


def data_option(command: F) -> F:
    """The option --data, which is a Path afterwards."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_data,
        envvar="LUNA_NARRATES_DATA",
        show_default="the folder `data` of a checkout, else your user's data folder",
        help="The data folder.",
    )(command)


def server_option(command: F) -> F:
    """The option --server, the address of another server."""
    return click.option(
        "--server", default="", metavar="URL", help="Another server, for example http://192.168.1.5:8001."
    )(command)


def default_data() -> Path:
    """The data folder when none is named: `data` in a checkout, else where the system keeps users' data."""
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "run.py").is_file() and (checkout / "pyproject.toml").is_file():
        return checkout / "data"
    import platformdirs

    return Path(platformdirs.user_data_dir("luna-narrates", appauthor=False))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"luna-narrates {version('luna-narrates')}")
        except PackageNotFoundError:
            click.echo("luna-narrates, not installed")
        ctx.exit()


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="The version."
)
def luna() -> None:
    """From an idea to a remembered, branching, illustrated story, on your own machine.

    `luna play` is the shortest way to a story; `luna serve` runs the server with its API.
    """


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A pipe carries UTF-8 everywhere; a terminal shows what it can.
            reconfigure(errors="replace") if stream.isatty() else reconfigure(
                encoding="utf-8", errors="replace"
            )
    try:
        luna(prog_name="luna")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
