"""HTTP of character cards."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from luna.characters import service
from luna.characters.png import MAX_PNG_BYTES
from luna.characters.types import (
    CardChanges,
    CardDetail,
    CardFilter,
    CardImported,
    CardImportRequest,
    CardPage,
    CardSort,
    ExportFormat,
    NewCard,
)
from luna.kernel.errors import BadInput
from luna.kernel.http import PROBLEMS, Asking, Running
from luna.worlds.incoming import too_large

router = APIRouter(prefix="/character-cards", tags=["characters"], responses=PROBLEMS)

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]

IMPORT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["card_data"],
                    "properties": {
                        "card_data": {"type": "object", "description": "The card: V1, V2 or V3"},
                        "save_to_library": {"type": "boolean", "default": True},
                    },
                }
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "A PNG or JSON card"},
                        "save_to_library": {"type": "boolean", "default": True},
                    },
                }
            },
        },
    }
}

CARD_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The card as a file",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post("/import", status_code=201, openapi_extra=IMPORT_BODY)
async def import_card(runtime: Running, asker: Asking, request: Request) -> CardImported:
    """Take in a card: as JSON in the request, or as an uploaded PNG or JSON file."""
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raw, filename, save = await _uploaded(request)
        return await service.import_card(runtime, asker.id, raw, filename=filename, save=save)
    wanted = await _json_request(request)
    return await service.import_card_value(runtime, asker.id, wanted.card_data, save=wanted.save_to_library)


@router.post("/manual", status_code=201)
async def create_card(runtime: Running, asker: Asking, new: NewCard) -> CardDetail:
    """Make a card by hand."""
    return await service.make_card(runtime, asker.id, new)


@router.get("")
async def list_cards(
    runtime: Running,
    asker: Asking,
    wanted: Annotated[CardFilter, Query(alias="filter")] = "all",
    sort_by: CardSort = "created_at",
    name: Annotated[str, Query(max_length=200)] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> CardPage:
    """List cards. `filter=deleted` shows the bin; `name` finds a part of a name."""
    return await service.list_cards(runtime, asker.id, wanted, sort_by, name, limit, offset)


@router.get("/{character_id}")
async def get_card(runtime: Running, asker: Asking, character_id: str) -> CardDetail:
    """A card with all its texts."""
    return await service.show_card(runtime, asker.id, character_id)


@router.patch("/{character_id}")
async def change_card(runtime: Running, asker: Asking, character_id: str, changes: CardChanges) -> CardDetail:
    """Change some fields of a card; fields of other programs in it stay as they are."""
    return await service.change_card(runtime, asker.id, character_id, changes)


@router.get("/{character_id}/export", response_class=Response, responses=CARD_FILE)
async def export_card(
    runtime: Running,
    asker: Asking,
    character_id: str,
    form: Annotated[ExportFormat, Query(alias="format")] = "tavernai",
) -> Response:
    """The card as a file: V2 JSON (`tavernai`), JSON as it is kept, or a PNG with the card inside."""
    name, media_type, content = await service.export_card(runtime, asker.id, character_id, form)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


@router.delete("/{character_id}", status_code=204)
async def delete_card(runtime: Running, asker: Asking, character_id: str) -> None:
    """Put a card into the bin; POST /character-cards/{id}/restore takes it out again."""
    await service.delete_card(runtime, asker.id, character_id)


@router.post("/{character_id}/restore")
async def restore_card(runtime: Running, asker: Asking, character_id: str) -> CardDetail:
    """Take a card out of the bin."""
    return await service.restore_card(runtime, asker.id, character_id)


async def _uploaded(request: Request) -> tuple[bytes, str, bool]:
    """The file of a form, its name, and whether to keep the card."""
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise BadInput("There is no file in the form.", "Send the card in the field called file.")
        raw = await file.read(MAX_PNG_BYTES + 1)
        if len(raw) > MAX_PNG_BYTES:
            raise too_large("card", MAX_PNG_BYTES)
        save = str(form.get("save_to_library", "true")).strip().lower() not in ("false", "0", "no", "off")
        return raw, file.filename or "", save


async def _json_request(request: Request) -> CardImportRequest:
    try:
        return CardImportRequest.model_validate(json.loads(await request.body()))
    except RecursionError as error:
        raise BadInput(
            "This card is nested too deeply.",
            "Real cards have fewer than ten levels.",
            code="card-too-deep",
        ) from error
    except ValidationError as error:
        raise BadInput(
            "The request has no card in it.",
            'Send {"card_data": {…}, "save_to_library": true}, or the file as a form.',
            code="not-a-card",
        ) from error
    except ValueError as error:
        raise BadInput(
            "The request is not JSON.",
            'Send {"card_data": {…}} as application/json, or the card file as multipart/form-data.',
            code="not-a-card",
        ) from error
