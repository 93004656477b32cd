"""Routes of telling: turns as one answer or as a stream, retakes, stop, undo, edit, prompts."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from luna.costs.types import Forecast
from luna.kernel.errors import BadInput, LunaError, NotFound
from luna.kernel.http import PROBLEMS, Asking, Running
from luna.kernel.live import wire
from luna.kernel.runtime import Runtime
from luna.narration import crew, service
from luna.narration.desk import Desk
from luna.narration.types import (
    ActionText,
    ActRequest,
    AgentLine,
    Mode,
    NewStory,
    Override,
    PromptPreview,
    PromptView,
    StoryBegun,
    Suggestions,
    TellingView,
    TurnRequest,
    TurnTold,
    WorldView,
)
from luna.story import turns
from luna.story.types import Telling, TellingRequest, Turn, TurnEdit
from luna.turns.types import Action

router = APIRouter(responses=PROBLEMS)

EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: status, cost_estimate, agent_start, agent_complete, delta, restart, "
        "error, done. Each has an id; send the last one as Last-Event-ID to get exactly the rest.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **{
        status: {
            "description": said["description"],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, said in PROBLEMS.items()
    },
}
"""A stream, or a problem: said outright, or it would be described as a stream too."""
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=200)]
OnBranch = Annotated[str | None, Query(max_length=64, description="A branch; the active one if left out.")]
LastEventParameter = Annotated[str | None, Query(max_length=200)]


def get_desk(request: Request) -> Desk:
    """The desk of the process that serves this request."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(get_desk)]


class EventStream(StreamingResponse):
    """A telling's events, sent as they come."""

    media_type = "text/event-stream"


def event_stream(content: AsyncIterator[bytes]) -> EventStream:
    """The answer that sends these pieces unbuffered."""
    return EventStream(content, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


@router.post("/stories", tags=["stories"], status_code=201)
async def create_story(runtime: Running, asker: Asking, desk: AtDesk, new: NewStory) -> StoryBegun:
    """Begin a story from an idea, a world, cards and lorebooks. Answers when Turn 0 is told."""
    telling = await service.begin_story(runtime, desk, asker.id, new)
    try:
        turn = await desk.wait(telling)
    except LunaError:
        await service.discard_story(runtime, asker.id, telling.story_id)
        raise
    return StoryBegun(
        story_id=telling.story_id,
        title=(await service.title_of(runtime, asker.id, telling.story_id)),
        branch_id=telling.branch_id,
        turn=turn,
    )


@router.post("/narrates/stories", tags=["narrates"], status_code=202)
async def begin_story(runtime: Running, asker: Asking, desk: AtDesk, new: NewStory) -> TellingView:
    """Begin a story without waiting: follow `events` to watch Turn 0 being told."""
    return view(await service.begin_story(runtime, desk, asker.id, new, paced=True))


@router.post("/narrates/turn", tags=["narrates"], name="narrates_turn")
@router.post("/narrate/turn", tags=["narrates"])
async def narrate_turn(
    runtime: Running, asker: Asking, desk: AtDesk, request: TurnRequest, key: Key = None
) -> TurnTold:
    """Tell the next turn and answer when it is kept. The same Idempotency-Key gives the same turn."""
    action = Action(text=request.user_action, mode=request.mode)
    wanted = TellingRequest(action=action, writer_model_override=request.writer_model_override)
    telling = await desk.act(asker.id, request.story_id, request.branch_id, wanted, key)
    return await told(runtime, await desk.wait(telling), asker.id)


@router.post("/narrates/stories/{story_id}/retake", tags=["narrates"])
async def retake(
    runtime: Running,
    asker: Asking,
    desk: AtDesk,
    story_id: str,
    turn_id: Annotated[str | None, Query(max_length=64)] = None,
    branch_id: OnBranch = None,
    writer_model_override: Annotated[str | None, Query(max_length=200)] = None,
    key: Key = None,
) -> TurnTold:
    """Tell a turn again, as a take beside the old one. The head of the branch unless a turn is named."""
    telling = await desk.retake(
        asker.id, story_id, branch_id, turn_id, key=key, writer_model_override=writer_model_override
    )
    return await told(runtime, await desk.wait(telling), asker.id)


@router.post("/narrates/stories/{story_id}/tellings", tags=["narrates"], status_code=202)
async def begin_telling(
    asker: Asking, desk: AtDesk, story_id: str, request: ActRequest, key: Key = None
) -> TellingView:
    """Begin a turn or a retake without waiting: follow `events` to watch it."""
    if request.retake or request.retake_of:
        telling = await desk.retake(
            asker.id,
            story_id,
            request.branch_id,
            request.retake_of,
            key=key,
            paced=request.paced,
            writer_model_override=request.writer_model_override,
        )
    else:
        wanted = TellingRequest(
            action=Action(text=request.action, mode=request.mode),
            writer_model_override=request.writer_model_override,
            paced=request.paced,
        )
        telling = await desk.act(asker.id, story_id, request.branch_id, wanted, key)
    return view(telling)


@router.get(
    "/narrates/stories/{story_id}/generate",
    tags=["narrates"],
    response_class=EventStream,
    responses=EVENT_STREAM,
)
async def generate(
    runtime: Running,
    asker: Asking,
    desk: AtDesk,
    story_id: str,
    action: Annotated[ActionText, Query()] = "",
    mode: Mode = "do",
    branch_id: OnBranch = None,
    writer_model_override: Annotated[Override | None, Query()] = None,
    idempotency_key: Annotated[str | None, Query(max_length=200)] = None,
    last_event_id: LastEventParameter = None,
    key: Key = None,
    last_event: LastEventId = None,
) -> EventStream:
    """Tell the next turn as a stream. With a Last-Event-ID it only continues the stream it names."""
    resumed = last_event or last_event_id
    if resumed:
        telling, after = await named_event(desk, asker.id, resumed)
        if telling.story_id != story_id:
            raise NotFound("telling")
    else:
        wanted = TellingRequest(
            action=Action(text=action, mode=mode), writer_model_override=writer_model_override, paced=True
        )
        telling, after = await desk.act(asker.id, story_id, branch_id, wanted, key or idempotency_key), 0
    return event_stream(stream(runtime, desk, telling, after))


@router.get("/narrates/tellings/{turn_id}", tags=["narrates"])
async def get_telling(asker: Asking, desk: AtDesk, turn_id: str) -> TellingView:
    """A turn in the making, or how it ended."""
    return view(await desk.get(asker.id, turn_id))


@router.get(
    "/narrates/tellings/{turn_id}/events",
    tags=["narrates"],
    response_class=EventStream,
    responses=EVENT_STREAM,
)
async def watch(
    runtime: Running,
    asker: Asking,
    desk: AtDesk,
    turn_id: str,
    last_event_id: LastEventParameter = None,
    last_event: LastEventId = None,
) -> EventStream:
    """Watch a turn being told, from its beginning or after the last event seen. It never begins one."""
    telling = await desk.get(asker.id, turn_id)
    after = 0
    resumed = last_event or last_event_id
    if resumed:
        _, after = read_event_id(resumed)
    return event_stream(stream(runtime, desk, telling, after))


@router.post("/narrates/tellings/{turn_id}/stop", tags=["narrates"])
async def stop(asker: Asking, desk: AtDesk, turn_id: str) -> TellingView:
    """End a telling now. What is written is kept as the turn."""
    return view(await desk.stop(asker.id, turn_id))


@router.get("/narrates/stories/{story_id}/forecast", tags=["narrates"])
async def forecast(runtime: Running, asker: Asking, story_id: str) -> Forecast:
    """What the next turn will cost at most, without retries."""
    await service.title_of(runtime, asker.id, story_id)
    return await crew.forecast(runtime, await runtime.settings.current())


@router.get("/narrates/stories/{story_id}/suggestions", tags=["narrates"])
async def suggestions(
    runtime: Running, asker: Asking, story_id: str, branch_id: OnBranch = None
) -> Suggestions:
    """What the player might do next."""
    return await service.suggestions(runtime, asker.id, story_id, branch_id)


@router.post("/narrates/stories/{story_id}/undo", tags=["narrates"])
async def undo(runtime: Running, asker: Asking, story_id: str, branch_id: OnBranch = None) -> Turn | None:
    """Take the last step of a branch back: a turn, a take, an edit, a deletion. Answers with the head."""
    return await service.undo(runtime, asker.id, story_id, branch_id)


@router.post("/narrates/stories/{story_id}/redo", tags=["narrates"])
async def redo(runtime: Running, asker: Asking, story_id: str, branch_id: OnBranch = None) -> Turn | None:
    """Do the step again that was undone last."""
    return await service.redo(runtime, asker.id, story_id, branch_id)


@router.patch("/stories/{story_id}/turns/{turn_id}", tags=["turns"])
async def edit_turn(
    runtime: Running,
    asker: Asking,
    story_id: str,
    turn_id: str,
    wanted: TurnEdit,
    branch_id: OnBranch = None,
) -> Turn:
    """Give a turn another wording, as a revision. Undo takes it back."""
    return await service.edit_turn(runtime, asker.id, story_id, turn_id, wanted, branch_id)


@router.post("/stories/{story_id}/branches/{branch_id}/carry/{turn_id}", tags=["branching"], status_code=201)
async def carry_over(runtime: Running, asker: Asking, story_id: str, branch_id: str, turn_id: str) -> Turn:
    """Append a copy of a turn from elsewhere in the story to the head of a branch."""
    return await service.carry_over(runtime, asker.id, story_id, branch_id, turn_id)


@router.get("/stories/{story_id}/state", tags=["turns"])
async def world_state(
    runtime: Running,
    asker: Asking,
    story_id: str,
    branch_id: OnBranch = None,
    turn_number: Annotated[int | None, Query(ge=0, le=10_000_000)] = None,
) -> WorldView:
    """The state of the world after any turn of any branch."""
    return await service.world_view(runtime, asker.id, story_id, branch_id, turn_number)


@router.get("/prompts", tags=["prompts"])
async def list_prompts(
    runtime: Running, asker: Asking, style: Annotated[str, Query(max_length=64)] = "default"
) -> list[PromptView]:
    """The prompt files in use for a style."""
    del asker
    return await service.list_prompts(runtime, style)


@router.get("/prompts/{agent}/preview", tags=["prompts"])
async def preview_prompt(
    runtime: Running,
    asker: Asking,
    agent: str,
    story_id: Annotated[str, Query(max_length=64)],
    action: Annotated[ActionText, Query()] = "",
    branch_id: OnBranch = None,
) -> PromptPreview:
    """The prompt an agent would be sent for an action, without sending it."""
    wanted = Action(text=action)
    return await service.preview_prompt(runtime, asker.id, story_id, agent, wanted, branch_id)


async def stream(runtime: Runtime, desk: Desk, telling: Telling, after: int) -> AsyncIterator[bytes]:
    """The wire form of a telling's events after a number; a comment now and then shows that we live."""
    yield b": \n\n"
    over = False
    async for batch in desk.follow(telling, after):
        over = over or any(event.type in ("done", "error") for event in batch)
        yield b"".join([event.wire for event in batch]) or b": \n\n"
    if not over:
        yield await _last_word(runtime, desk, telling)


async def _last_word(runtime: Runtime, desk: Desk, telling: Telling) -> bytes:
    """The end of a telling whose events are forgotten or were all seen: its turn, or why there is none."""
    now = await desk.get(telling.owner, telling.turn_id)
    if now.status == "failed":
        return wire(telling.turn_id, 2_000_000_000, "error", now.error or {})
    if now.status == "running":
        return b": \n\n"
    turn = await turns.get_turn(runtime, telling.owner, telling.story_id, telling.turn_id)
    return wire(telling.turn_id, 2_000_000_000, "done", {"turn": turn.model_dump(mode="json")})


def read_event_id(text: str) -> tuple[str, int]:
    """A turn id and an event number of "turn:number". Raises BadInput."""
    turn_id, _, number = text.rpartition(":")
    if not turn_id or not number.isascii() or not number.isdigit() or len(number) > 10:
        raise BadInput(
            "That Last-Event-ID is not one of ours.",
            "Send the id of the last event as it came.",
            code="bad-event-id",
        )
    return turn_id, int(number)


async def named_event(desk: Desk, owner: str, text: str) -> tuple[Telling, int]:
    """The telling and number that an event id names. Raises BadInput, NotFound."""
    turn_id, number = read_event_id(text)
    return await desk.get(owner, turn_id), number


def view(telling: Telling) -> TellingView:
    """A telling as its routes show it."""
    return TellingView(
        turn_id=telling.turn_id,
        story_id=telling.story_id,
        branch_id=telling.branch_id,
        status=telling.status,
        action=telling.request.action.text,
        mode=telling.request.action.mode,
        events=f"/narrates/tellings/{telling.turn_id}/events",
    )


async def told(runtime: Runtime, turn: Turn, owner: str) -> TurnTold:
    """A kept turn with each agent's part."""
    traces = await turns.get_traces(runtime, owner, turn.story_id, turn.turn_id)
    return TurnTold(
        turn_id=turn.turn_id,
        story_id=turn.story_id,
        turn_number=turn.turn_number,
        narrative_text=turn.narrative_text,
        total_cost_usd=turn.total_cost_usd,
        total_execution_time_seconds=turn.total_execution_time_seconds,
        agents=[AgentLine.model_validate(t.model_dump(include=set(AgentLine.model_fields))) for t in traces],
        suggestions=list(turn.suggestions),
        turn=turn,
    )
