"""`luna doctor`: what is installed, reachable and missing, and how to fix it. It changes nothing."""

import asyncio
import os
import platform
import shutil
import socket
import sys
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import ValidationError

from luna.app.assemble import DATABASE_FILE, database_url
from luna.kernel.database import Database, sqlite_url
from luna.kernel.errors import LunaError
from luna.kernel.lock import find_owner
from luna.kernel.migrate import schema, vectors
from luna.kernel.settings import ENVIRONMENT_NAMES, Settings, SettingsStore
from luna.kernel.values import Frozen

State = Literal["ok", "missing", "broken"]

FREE_BYTES = 1_000_000_000
NODE = (20, 19)
PORT = 8001


class Check(Frozen):
    """One thing that was looked at. `missing` things are optional, or are made at the first start."""

    name: str
    state: State
    detail: str
    fix: str = ""


async def examine(data: Path) -> list[Check]:
    """Look at everything the product can use. Takes a few seconds at most."""
    data = await asyncio.to_thread(lambda: data.expanduser().resolve())
    settings, broken = _settings(data)
    checks = [_python(), await _node(), _folder(data)]
    checks += await _database(data)
    if broken:
        checks.append(broken)
    checks += await _models(settings)
    checks += [_keys(data), *_programs()]
    checks += await _server(data)
    return checks


def _settings(data: Path) -> tuple[Settings, Check | None]:
    """The settings from files and environment; the database may be away."""
    outside = SettingsStore(Database(sqlite_url(data / DATABASE_FILE)), data)
    try:
        values, _ = outside.from_outside()
        return Settings.model_validate(values), None
    except ValidationError as error:
        name = str(error.errors(include_input=False)[0]["loc"][0])
        text = f"{ENVIRONMENT_NAMES.get(name, name)} holds a value that does not fit"
        fix = "Correct it in .env or in the environment."
    except LunaError as error:
        text, fix = error.message, error.hint
    return Settings.model_validate({}), Check(name="Settings", state="broken", detail=text, fix=fix)


def _python() -> Check:
    """The version; one that is too old could not have come this far."""
    return Check(name="Python", state="ok", detail=platform.python_version())


async def _node() -> Check:
    fix = f"Install Node {NODE[0]}.{NODE[1]} or newer; it is needed to build the Studio."
    program = shutil.which("node")
    if program is None:
        return Check(name="Node", state="missing", detail="not found", fix=fix)
    text = await _run(program, "--version")
    try:
        major, minor = (int(part) for part in text.strip().removeprefix("v").split(".")[:2])
    except ValueError:
        return Check(name="Node", state="broken", detail="it does not tell its version", fix=fix)
    if (major, minor) < NODE:
        return Check(name="Node", state="broken", detail=f"{text.strip()} is too old", fix=fix)
    return Check(name="Node", state="ok", detail=text.strip())


async def _run(*command: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        return ""
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return out.decode("utf-8", "replace")


def _folder(data: Path) -> Check:
    """The data folder: there, writable, on a disk with some room."""
    name = "Data folder"
    place = data
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Check(
            name=name,
            state="broken",
            detail=f"{data} cannot be written",
            fix="Correct its rights, or choose another folder with --data.",
        )
    free = shutil.disk_usage(place).free
    if free < FREE_BYTES:
        return Check(
            name=name,
            state="broken",
            detail=f"{data}: only {free // 1_000_000} MB are free",
            fix="Free some space on that disk.",
        )
    if place != data:
        return Check(name=name, state="missing", detail=f"{data} is made at the first start")
    return Check(name=name, state="ok", detail=f"{data}, {free // 1_000_000_000} GB free")


async def _database(data: Path) -> list[Check]:
    try:
        db = Database(database_url(data))
    except LunaError as error:
        return [Check(name="Database", state="broken", detail=error.message, fix=error.hint)]
    if db.is_sqlite and not os.environ.get("DATABASE_URL") and not await asyncio.to_thread(_has_file, data):
        return [Check(name="Database", state="missing", detail="SQLite, made at the first start")]
    try:
        return await asyncio.wait_for(_look_into(db), 10)
    except (LunaError, OSError, TimeoutError) as error:
        hint = error.hint if isinstance(error, LunaError) else "Check that it runs and DATABASE_URL is right."
        text = error.message if isinstance(error, LunaError) else "it does not answer"
        return [Check(name="Database", state="broken", detail=text, fix=hint)]
    finally:
        await db.close()


def _has_file(data: Path) -> bool:
    return (data / DATABASE_FILE).is_file()


async def _look_into(db: Database) -> list[Check]:
    kind = "SQLite" if db.is_sqlite else "PostgreSQL"
    checks = [Check(name="Database", state="ok", detail=f"{kind} {await db.version()}")]
    if not db.is_sqlite:
        has = await vectors(db)
        fix = "" if has else "Install the pgvector extension for this PostgreSQL."
        detail = "available" if has else "not installed"
        checks.append(Check(name="pgvector", state="ok" if has else "broken", detail=detail, fix=fix))
    stands = await schema(db)
    if stands.is_current:
        checks.append(Check(name="Tables", state="ok", detail="up to date"))
    else:
        checks.append(
            Check(
                name="Tables",
                state="missing",
                detail="older than this program",
                fix="Start the server once: it brings them up to date.",
            )
        )
    return checks


async def _models(settings: Settings) -> list[Check]:
    """The model servers that the settings name."""
    from luna.llm.detect import detect

    checks: dict[str, Check] = {}
    for found in await detect(settings):
        name = f"{found.title} at {found.host}" if found.title in checks else found.title
        if found.reachable:
            detail = f"{found.host}, {len(found.models)} models"
            checks[name] = Check(name=name, state="ok", detail=detail)
        else:
            checks[name] = Check(
                name=name,
                state="missing" if found.host else "broken",
                detail=found.error or f"nothing answers at {found.host}",
                fix=f"Start {found.title}, or correct its address. Without any, the built-in narrator tells.",
            )
    return list(checks.values())


def _keys(data: Path) -> Check:
    """Which providers have a key in the environment or in .env. Saved ones are encrypted and stay closed."""
    from luna.llm.providers import REGISTRY

    given: dict[str, str | None] = {**dotenv_values(Path.cwd() / ".env"), **dotenv_values(data / ".env")}
    given.update(os.environ)
    found = [
        name for facts in REGISTRY.values() for name in facts.key_names if (given.get(name) or "").strip()
    ]
    if found:
        return Check(name="Keys", state="ok", detail=f"set: {', '.join(dict.fromkeys(found))}")
    return Check(
        name="Keys",
        state="missing",
        detail="none in the environment or .env",
        fix="Only needed for models in the cloud: set the provider's key in the settings or the environment.",
    )


GAMES = "/usr/games"
"""Where Debian puts Ren'Py; it is not on the path of services."""

_PROGRAMS = (
    ("Chromium", ("chromium", "chromium-browser", "google-chrome"), "Only the browser tests need it."),
    ("Ren'Py", ("renpy",), "Install Ren'Py to check and play exported novels."),
    ("Virtual display", ("xvfb-run", "Xvfb"), "Install xvfb to run Ren'Py without a screen."),
    ("ffmpeg", ("ffmpeg",), "Install ffmpeg for sound and video."),
    ("eSpeak NG", ("espeak-ng", "espeak"), "Install espeak-ng for the built-in voice."),
)


def _programs() -> list[Check]:
    checks: list[Check] = []
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), GAMES])
    for name, commands, fix in _PROGRAMS:
        found = next((path for command in commands if (path := shutil.which(command, path=places))), None)
        if found:
            checks.append(Check(name=name, state="ok", detail=found))
        else:
            checks.append(Check(name=name, state="missing", detail="not found", fix=fix))
    return checks


async def _server(data: Path) -> list[Check]:
    """A server on this data folder, or whether one could start."""
    owner = await asyncio.to_thread(find_owner, data)
    if owner and owner.url:
        if await _answers(f"{owner.url}/health"):
            return [Check(name="Server", state="ok", detail=f"{owner.url} (process {owner.pid})")]
        return [
            Check(
                name="Server",
                state="broken",
                detail=f"process {owner.pid} does not answer at {owner.url}",
                fix=f"Stop process {owner.pid} and start the server again.",
            )
        ]
    if owner:
        return [Check(name="Server", state="missing", detail=f"process {owner.pid} has the data folder open")]
    return [Check(name="Server", state="missing", detail="not running"), _port()]


async def _answers(url: str) -> bool:
    import httpx

    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            return (await client.get(url)).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _port() -> Check:
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return Check(
                name="Port", state="broken", detail=f"{PORT} is in use", fix="Choose another one with --port."
            )
    return Check(name="Port", state="ok", detail=f"{PORT} is free")
