"""From a server's zip to a folder: unpacked beside its place, checked, and renamed, so it is whole or not there."""

import io
import os
import shutil
import zipfile
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from luna.app.client import Client
from luna.kernel.errors import Conflict, LunaError, Severity, Unavailable

if TYPE_CHECKING:
    from luna.exporters.renpy.service import ExportReport

LARGEST = 4_000_000_000
MOST_FILES = 50_000


def export_renpy(
    client: Client,
    story_id: str,
    out: Path,
    *,
    branch_id: str | None = None,
    alone: bool = False,
    dry_run: bool = False,
    replace: bool = False,
) -> "ExportReport":
    """Write a story as a Ren'Py project into the folder `out`, or only tell what it would hold.

    A folder that an earlier export wrote is replaced; any other that is not empty only with `replace`.
    Raises Conflict for such a folder, Unavailable when the disk does not take it.
    """
    report = client.renpy_report(story_id, branch_id, alone)
    broken = any(d.severity is Severity.error for d in report.diagnostics)
    if dry_run or broken:
        return report.model_copy(update={"out": str(out), "written": False})
    from luna.exporters.renpy.service import MARKER

    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise Conflict(f"{out} is not a folder.", "Choose another name.", code="export-in-the-way")
    if not replace and out.exists() and _is_foreign(out, MARKER):
        raise Conflict(
            f"{out} has other things in it.",
            "Choose an empty or a new folder, or say --replace.",
            code="export-in-the-way",
        )
    unpack(client.renpy(story_id, branch_id, alone), out)
    return report.model_copy(update={"out": str(out), "written": True})


def _is_foreign(folder: Path, marker: str) -> bool:
    return any(folder.iterdir()) and not (folder / marker).is_file()


def unpack(data: bytes, out: Path) -> None:
    """Unpack a zip whose files share one top folder into `out`, replacing what is there.

    Raises LunaError for a zip that reaches outside or is too large, Unavailable when the disk refuses.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [(info, _inside(info)) for info in archive.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        raise _strange("it is not a zip") from error
    if len(entries) > MOST_FILES or sum(info.file_size for info, _ in entries) > LARGEST:
        raise _strange("it is too large")
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(mkdtemp(prefix=f".{out.name}-", dir=out.parent))
        try:
            for info, path in entries:
                target = fresh / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file)
            fresh.chmod(0o755)
            _put_in_place(fresh, out)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except zipfile.BadZipFile as error:
        raise _strange("a file in it is damaged") from error
    except OSError as error:
        raise Unavailable(
            f"The folder {out} cannot be written: {error.strerror or error}.",
            "Check its rights and the room on the disk.",
            code="folder-unusable",
        ) from error


def _inside(info: zipfile.ZipInfo) -> Path:
    """Where an entry goes, without the top folder. Raises LunaError when it would go anywhere else."""
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts[1:]
    bad = not parts or any(part in ("..", ".", "") or ":" in part for part in parts)
    is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
    if bad or is_link or info.filename.startswith("/"):
        raise _strange("a file in it would land outside")
    return Path(*parts)


def _put_in_place(fresh: Path, out: Path) -> None:
    old = fresh.with_name(f"{fresh.name}-old")
    if out.exists():
        os.replace(out, old)
    try:
        os.replace(fresh, out)
    except OSError:
        if old.exists():
            os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _strange(why: str) -> LunaError:
    return LunaError(
        f"The export that the server sent cannot be unpacked: {why}.", "Try again.", code="strange-answer"
    )
