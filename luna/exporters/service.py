"""From a story to a file or folder that plays elsewhere: load, stage, paint what is missing, write."""

import asyncio
import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from luna.assets import service as assets
from luna.exporters.renpy.service import ExportReport, export_renpy
from luna.exporters.renpy.text import slug
from luna.imaging import service as imaging
from luna.kernel.errors import NotFound
from luna.kernel.runtime import Runtime
from luna.narration.staged import load_staged
from luna.scenes.types import SceneGraph
from luna.staging.service import stage


async def export_story(
    runtime: Runtime,
    owner: str,
    story_id: str,
    out: Path,
    *,
    branch_id: str | None = None,
    alone: bool = False,
    replace: bool = False,
    dry_run: bool = False,
) -> ExportReport:
    """Write a story's branches as a Ren'Py project into `out`.

    The named branch (the active one if none) comes first; the others part from it as choices unless `alone`.
    Raises NotFound, and as `export_renpy` does.
    """
    staged = await load_staged(runtime, owner, story_id, branch_id, alone=alone)
    graph = await asyncio.to_thread(stage, staged)
    pictures = {} if dry_run else await _pictures(runtime, owner, graph)
    report = await asyncio.to_thread(
        export_renpy,
        graph,
        pictures,
        out,
        title=staged.title,
        licence=staged.licence,
        replace=replace,
        dry_run=dry_run,
    )
    if not dry_run:
        return report
    # nothing was painted for a report, so the pictures are not missing but to come
    left = tuple(d for d in report.diagnostics if d.code != "renpy-picture-missing")
    return report.model_copy(update={"diagnostics": left})


async def zip_story(
    runtime: Runtime, owner: str, story_id: str, *, branch_id: str | None = None, alone: bool = False
) -> tuple[str, bytes]:
    """A file name and a zip of the Ren'Py project of a story. Raises like `export_story`."""
    with TemporaryDirectory(prefix="luna-export-") as scratch:
        folder = Path(scratch) / "project"
        await export_story(runtime, owner, story_id, folder, branch_id=branch_id, alone=alone)
        staged = await load_staged(runtime, owner, story_id, branch_id, alone=True)
        name = slug(staged.title) or "story"
        return f"{name}-renpy.zip", await asyncio.to_thread(_zipped, folder, name)


async def _pictures(runtime: Runtime, owner: str, graph: SceneGraph) -> dict[str, bytes]:
    """The bytes of every picture of a graph; what was never painted, or is gone, is painted now."""
    found: dict[str, bytes] = {}
    for key, picture in graph.meta.pictures.items():
        asset_id = picture.asset_id
        if asset_id is None and picture.request is not None:
            asset_id = await imaging.picture(runtime, owner, picture.request)
        if asset_id is not None:
            try:
                found[key] = await assets.read_asset(runtime, owner, asset_id)
            except NotFound:
                continue  # the exporter reports the missing picture and uses a plain backdrop
    return found


def _zipped(folder: Path, name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, f"{name}/{path.relative_to(folder).as_posix()}")
    return buffer.getvalue()
