"""`luna models`, `luna prompts`, `luna settings`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from luna.app.cli import data_option, server_option

if TYPE_CHECKING:
    from luna.kernel.settings import Shown
    from luna.kernel.values import ModelChoice


@click.command()
@server_option
@data_option
def models(server: str, data: Path) -> None:
    """Which model each agent uses, and which model servers answer on this machine."""
    from luna.app.play.connecting import connected

    with connected(data, server) as client:
        shown = client.models()
        found = client.detect()
    click.echo(f"Preset: {shown.preset}  (change it with `luna settings model_preset NAME`)\n")
    for agent in shown.agents:
        chain = [_choice(choice) for choice in agent.chain]
        click.echo(f"  {agent.agent:<11} {' → '.join([*chain, 'built in'])}")
    click.echo("\nOn this machine:")
    for place in found:
        names = ", ".join(place.models[:8]) + (" …" if len(place.models) > 8 else "")
        state = names or "it answers, without a model" if place.reachable else "nothing answers"
        click.echo(f"  {place.title:<11} {place.host}: {state}")
    keys = [p.title for p in shown.providers if p.key_needed and p.key_set]
    click.echo(f"\nKeys: {', '.join(keys) if keys else 'none'}")


def _choice(choice: "ModelChoice") -> str:
    return f"{choice.provider}/{choice.model}" + (f" at {choice.host}" if choice.host else "")


@click.group()
def prompts() -> None:
    """Look at the prompts the agents are sent. The setting prompts_dir names a folder that wins over them."""


style_option = click.option("--style", default="default", show_default=True, help="The narrative style.")


@prompts.command("list")
@style_option
@server_option
@data_option
def list_(style: str, server: str, data: Path) -> None:
    """The file that is used for each agent."""
    from luna.app.play.connecting import connected

    with connected(data, server) as client:
        for prompt in client.prompts(style):
            click.echo(f"{prompt.agent:<11} {prompt.file}, {len(prompt.source)} characters")


@prompts.command()
@click.argument("agent")
@style_option
@server_option
@data_option
def show(agent: str, style: str, server: str, data: Path) -> None:
    """The file of AGENT as it is written."""
    from luna.app.play.connecting import connected
    from luna.kernel.errors import BadInput

    with connected(data, server) as client:
        found = {prompt.agent: prompt for prompt in client.prompts(style)}
    if agent not in found:
        raise BadInput(f"There is no agent called {agent!r}.", f"Agents: {', '.join(found)}.")
    click.echo(found[agent].source)


@prompts.command()
@click.argument("agent")
@click.option("--story", required=True, help="The story (the beginning of a title or id).")
@click.option("--action", default="", help="What the player does.")
@server_option
@data_option
def preview(agent: str, story: str, action: str, server: str, data: Path) -> None:
    """The prompt AGENT would be sent for the next turn of a story. Nothing is sent."""
    from luna.app.play.choosing import find_story
    from luna.app.play.connecting import connected
    from luna.app.play.screen import clean

    with connected(data, server) as client:
        chosen = find_story(client.stories(), story)
        prompt = client.preview_prompt(agent, chosen.story_id, action)
    click.echo(f"# {prompt.file}, version {prompt.version}, {prompt.tokens} tokens")
    for title, text in (("rules", prompt.rules), ("story", prompt.story), ("turn", prompt.turn)):
        click.echo(f"\n## {title}\n\n{clean(text)}")


@click.command()
@click.argument("name", required=False, default="")
@click.argument("value", required=False)
@click.option("--reset", is_flag=True, help="Take a change of NAME back.")
@server_option
@data_option
def settings(name: str, value: str | None, reset: bool, server: str, data: Path) -> None:
    """Show all settings, one, or change one: luna settings NAME VALUE. Lists are JSON. It holds from the next turn."""
    from luna.app.play.connecting import connected
    from luna.kernel.errors import BadInput

    with connected(data, server) as client:
        shown = client.settings()
        if name and (value is not None or reset):
            is_text = any(s.name == name and isinstance(s.default, str) for s in shown)
            new = None if reset or value is None else value if is_text else read_value(value)
            shown = client.change_settings({name: new})
    wanted = [s for s in shown if not name or s.name == name]
    if not wanted:
        near = ", ".join(s.name for s in shown if name.lower() in s.name)
        raise BadInput(f"There is no setting called {name!r}.", near or "`luna settings` lists them all.")
    for setting in wanted:
        click.echo(_row(setting))
        if name:
            click.echo(
                f"{setting.help}\nIn the environment: {setting.environment_name}; default: {_text(setting.default)}"
            )


def _row(setting: "Shown") -> str:
    source = "" if setting.source == "default" else f"   ({setting.source})"
    return f"{setting.name} = {_text(setting.value)}{source}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def read_value(text: str) -> Any:
    """What was typed as a value: JSON if it is, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
