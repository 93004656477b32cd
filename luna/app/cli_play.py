"""`luna play`."""

from pathlib import Path

import click

from luna.app.cli import data_option, server_option


@click.command()
@click.argument("story", required=False, default="")
@server_option
@data_option
def play(story: str, server: str, data: Path) -> None:
    """Play a story in this terminal.

    STORY is the beginning of a title or id; without it you choose or begin one. A server that runs on the data
    folder is used, else one runs inside this program for as long as you play.
    """
    from luna.app.play.choosing import begin_playing
    from luna.app.play.connecting import connected
    from luna.app.play.screen import Screen

    screen = Screen()
    try:
        with connected(data, server, lambda: screen.progress("opening your stories …")) as client:
            session = begin_playing(client, screen, story)
            if session is not None:
                session.run()
            screen.progress("closing …")
        screen.settle()
    except KeyboardInterrupt:
        screen.settle()
        click.echo()
