"""The researcher: chooses what the next turn needs to know. Memory has done the finding; a model may polish."""

from collections.abc import Sequence

from luna.llm.types import ChatModel, ChatReply
from luna.room.asking import BadAnswer, Record, ask, request_for
from luna.room.prompting import Prompts
from luna.room.standing import prompt_for
from luna.room.types import BriefingAnswer, Budget, Count, Step
from luna.turns.types import Briefing, BriefingItem, Situation

JSON_ROOM = 2
"""A JSON answer may take this many times the tokens of what it says."""


async def polish(
    situation: Situation, models: Sequence[ChatModel], prompts: Prompts, budget: Budget, count: Count
) -> Step[Briefing]:
    """The briefing, shortened by a model where one is configured; as memory packed it otherwise."""
    briefing = situation.briefing
    record = Record("researcher")
    found = None
    if models and briefing.items:
        record.prompt = prompt_for("researcher", situation, prompts, budget=budget.briefing)
        request = request_for(
            record.prompt,
            max_tokens=budget.briefing * JSON_ROOM,
            timeout_seconds=budget.timeout_seconds,
            schema=BriefingAnswer,
        )
        found = await ask(record, models, request, lambda r: _read(r, briefing, budget.briefing, count))
    polished = found.value if found else briefing
    engine = found.engine if found else "builtin"
    trace = record.trace(engine, polished.model_dump(mode="json"), None if record.prompt else "memory")
    return Step(polished, trace, record.messages(engine))


def _read(reply: ChatReply, briefing: Briefing, budget: int, count: Count) -> Briefing:
    """A model's notes: only those that rest on an item it was given, within the budget."""
    answer = reply.value
    if not isinstance(answer, BriefingAnswer):
        raise BadAnswer("it is not the JSON that was asked for.")
    kept: list[BriefingItem] = []
    dropped: list[BriefingItem] = []
    spent = 0
    for note in answer.notes:
        if not 1 <= note.item <= len(briefing.items):
            continue
        source = briefing.items[note.item - 1]
        text = " ".join(note.text.split())
        size = count(text)
        item = source.model_copy(update={"text": text, "tokens": size})
        if spent + size <= budget:
            spent += size
            kept.append(item)
        else:
            dropped.append(item)
    if not kept:
        raise BadAnswer("no note names an item by its number.")
    used = {item.source for item in kept}
    left = [item for item in briefing.items if item.source not in used]
    return briefing.model_copy(
        update={"items": tuple(kept), "dropped": (*dropped, *left, *briefing.dropped), "tokens": spent}
    )
