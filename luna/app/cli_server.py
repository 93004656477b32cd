"""`luna serve`, `luna worker`, `luna doctor`."""

from pathlib import Path

import click

from luna.app.cli import DEFAULT_HOST, DEFAULT_PORT, data_option


@click.command()
@click.option(
    "--host", default=DEFAULT_HOST, envvar="LUNA_NARRATES_HOST", show_default=True, help="Where to listen."
)
@click.option(
    "--port",
    type=int,
    default=DEFAULT_PORT,
    envvar="LUNA_NARRATES_PORT",
    show_default=True,
    help="On which port; 0: a free one.",
)
@data_option
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def serve(host: str, port: int, data: Path, no_browser: bool) -> None:
    """Run the server until Ctrl+C."""
    from luna.app.serve import serve as run

    run(host, port, data, not no_browser)


@click.command()
@data_option
def worker(data: Path) -> None:
    """Only do jobs, beside a server that uses the same PostgreSQL (DATABASE_URL)."""
    import asyncio

    asyncio.run(_work(data))


async def _work(data: Path) -> None:
    from luna.app.assemble import close_runtime, make_folder, open_runtime
    from luna.app.worker import run_worker
    from luna.kernel.logs import log_to

    data = make_folder(data)
    log_to(data, name="worker")
    runtime = await open_runtime(data, worker=True)
    try:
        click.echo("The worker is ready. Stop it with Ctrl+C.")
        await run_worker(runtime)
    finally:
        await close_runtime(runtime)


@click.command()
@data_option
def doctor(data: Path) -> None:
    """Look at everything the program can use. Ends with 1 when something is broken."""
    import asyncio

    from luna.app.doctor import examine

    checks = asyncio.run(examine(data))
    marks = {"ok": ("ok", "green"), "missing": ("--", "yellow"), "broken": ("!!", "red")}
    wide = max(len(check.name) for check in checks)
    for check in checks:
        mark, colour = marks[check.state]
        shown = mark if _is_plain() else click.style(mark, fg=colour)
        click.echo(f"{shown}  {check.name:<{wide}}  {check.detail}")
        if check.fix and check.state != "ok":
            click.echo(f"{'':{wide + 6}}{check.fix}")
    broken = sum(check.state == "broken" for check in checks)
    if broken:
        click.echo(f"\n{broken} broken. What is marked -- is optional, or made when it is needed.")
        raise SystemExit(1)
    click.echo("\nNothing is broken. What is marked -- is optional, or made when it is needed.")


def _is_plain() -> bool:
    import os

    return bool(os.environ.get("NO_COLOR"))
