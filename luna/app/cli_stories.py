"""`luna stories`, `luna import`, `luna export`, `luna costs`."""

from pathlib import Path

import click

from luna.app.cli import Refused, data_option, server_option


@click.command()
@server_option
@data_option
def stories(server: str, data: Path) -> None:
    """List your stories, the last touched first."""
    from luna.app.play.choosing import ago
    from luna.app.play.connecting import connected
    from luna.app.play.screen import clean

    with connected(data, server) as client:
        found = client.stories()
    if not found:
        click.echo("There are no stories yet. `luna play` begins one.")
    for story in found:
        title = clean(story.title).replace("\n", " ")
        click.echo(f"{story.story_id[:8]}  {story.turn_count:>5} turns  {ago(story.updated_at):<15} {title}")


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@server_option
@data_option
def import_(files: tuple[Path, ...], server: str, data: Path) -> None:
    """Take in character cards (PNG, JSON), World Info (JSON) and world files (YAML)."""
    from luna.app.play.connecting import connected
    from luna.app.play.importing import bring_in
    from luna.app.play.screen import clean
    from luna.kernel.errors import LunaError

    failed = 0
    with connected(data, server) as client:
        for path in files:
            try:
                brought = bring_in(client, path)
            except LunaError as error:
                failed += 1
                click.echo(f"{path.name}: {error.message}\n  {error.hint}", err=True)
                continue
            click.echo(f"{path.name}: {clean(brought.rows[0])}")
            for row in brought.rows[1:]:
                click.echo(f"  {clean(row)}")
    if failed:
        raise Refused(f"{failed} of {len(files)} files were not taken in.", "")


@click.group()
def export() -> None:
    """Write a story as a game for another engine."""


@export.command()
@click.argument("story")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The project's folder."
)
@click.option("--branch", default="", metavar="NAME", help="The branch that comes first; the active one.")
@click.option("--alone", is_flag=True, help="Leave the other branches out.")
@click.option("--dry-run", is_flag=True, help="Only say what it would hold.")
@click.option("--replace", is_flag=True, help="Replace a folder that something else wrote.")
@server_option
@data_option
def renpy(
    story: str, out: Path, branch: str, alone: bool, dry_run: bool, replace: bool, server: str, data: Path
) -> None:
    """A Ren'Py project of STORY (the beginning of a title or id). Branches become choices."""
    from luna.app.play.choosing import find_story
    from luna.app.play.commands import find_branch
    from luna.app.play.connecting import connected
    from luna.app.play.looking import export_rows
    from luna.app.play.unpacking import export_renpy
    from luna.kernel.errors import Severity

    with connected(data, server) as client:
        chosen = find_story(client.stories(), story)
        branch_id = find_branch(client.branches(chosen.story_id), branch).branch_id if branch else None
        report = export_renpy(
            client, chosen.story_id, out, branch_id=branch_id, alone=alone, dry_run=dry_run, replace=replace
        )
    for row in export_rows(report, out):
        click.echo(row)
    if any(d.severity is Severity.error for d in report.diagnostics):
        raise Refused("Nothing was written because of these errors.", "")


@click.command()
@click.option("--story", default="", help="Only this story (the beginning of a title or id).")
@server_option
@data_option
def costs(story: str, server: str, data: Path) -> None:
    """What was spent: in all, by month, by agent and model."""
    from luna.app.play.choosing import find_story
    from luna.app.play.connecting import connected
    from luna.app.play.screen import dollars

    with connected(data, server) as client:
        if story:
            chosen = find_story(client.stories(), story)
            told = client.story_cost(chosen.story_id)
            click.echo(f"{chosen.title}: {dollars(told.spent.cost_usd)} in {told.spent.calls} calls")
            agents = list(told.agents)
        else:
            summary = client.cost_summary()
            click.echo(f"In all      {dollars(summary.total.cost_usd)} in {summary.total.calls} calls")
            click.echo(f"This month  {dollars(summary.this_month.cost_usd)}")
            click.echo(
                f"A turn      {dollars(summary.average_turn_usd)} on average, over {summary.turns} turns"
            )
            for cap in summary.caps:
                spent = "" if cap.spent_usd is None else f", {dollars(cap.spent_usd)} spent"
                click.echo(f"Cap         {dollars(cap.cap_usd)} ({cap.kind}{spent})")
            for month in client.cost_months():
                click.echo(f"{month.month}     {dollars(month.spent.cost_usd)}, {month.turns} turns")
            agents = client.cost_agents()
    for line in agents:
        local = ", on your own machine" if line.local else ""
        what = f"{line.provider}/{line.model}{local}"
        click.echo(f"{line.agent:<11} {dollars(line.spent.cost_usd)}, {line.spent.calls} calls, {what}")
