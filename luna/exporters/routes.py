"""Routes of exports."""

from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from luna.exporters import service
from luna.exporters.renpy.service import ExportReport
from luna.kernel.http import PROBLEMS, Asking, Running

router = APIRouter(prefix="/exports", tags=["exports"], responses=PROBLEMS)

OnBranch = Annotated[
    str | None, Query(max_length=64, description="The branch that comes first; the active one.")
]
Alone = Annotated[bool, Query(description="Leave the other branches out.")]
ZIP: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The project as a zip",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/renpy/{story_id}/report")
async def renpy_report(
    runtime: Running, asker: Asking, story_id: str, branch_id: OnBranch = None, alone: Alone = False
) -> ExportReport:
    """What a Ren'Py export would hold, and what would be lost. Writes nothing."""
    out = Path(gettempdir()) / "luna-dry-run"
    report = await service.export_story(
        runtime, asker.id, story_id, out, branch_id=branch_id, alone=alone, dry_run=True
    )
    return report.model_copy(update={"out": ""})


@router.get("/renpy/{story_id}", response_class=Response, responses=ZIP)
async def renpy(
    runtime: Running, asker: Asking, story_id: str, branch_id: OnBranch = None, alone: Alone = False
) -> Response:
    """A story's branches as a Ren'Py project, zipped."""
    name, data = await service.zip_story(runtime, asker.id, story_id, branch_id=branch_id, alone=alone)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(data, media_type="application/zip", headers=headers)
