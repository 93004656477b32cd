"""GET /assets/{asset_id}, GET /assets/{asset_id}/file."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import FileResponse

from luna.assets import service
from luna.assets.types import Asset
from luna.kernel.http import PROBLEMS, Asking, Running

router = APIRouter(prefix="/assets", tags=["assets"], responses=PROBLEMS)

HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""The content of an asset never changes, and it is never anything but a picture."""


@router.get("/{asset_id}")
async def show(runtime: Running, asker: Asking, asset_id: str) -> Asset:
    """A picture's facts: size, type, and where it comes from."""
    return await service.find_asset(runtime, asker.id, asset_id)


@router.get(
    "/{asset_id}/file",
    response_class=FileResponse,
    responses={200: {"content": {"image/*": {}}}, 304: {"description": "Not changed"}},
)
async def file(
    runtime: Running,
    asker: Asking,
    asset_id: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The picture itself. It may be kept for ever by the browser that asked."""
    asset, path = await service.open_asset(runtime, asker.id, asset_id)
    headers = {**HEADERS, "ETag": f'"{asset.sha256}"'}
    if if_none_match and asset.sha256 in if_none_match:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=asset.media_type, headers=headers)
