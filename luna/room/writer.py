"""The writer: turns a plan into prose, word by word. A model where one is configured, or the built-in one."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from luna.kernel.errors import CapReached, ProviderError
from luna.llm.types import ChatModel, ChatRequest, TextDelta, Usage
from luna.narrator import service as narrator
from luna.room.asking import (
    TRIES,
    BadAnswer,
    Record,
    engine_name,
    request_for,
    what_failed,
    with_fault,
)
from luna.room.prompting import Prompts
from luna.room.reading import prose_from, whole_sentences
from luna.room.standing import prompt_for
from luna.room.types import Budget, Count, Restart, Step, Words
from luna.turns.types import Draft, Finding, Plan, Situation

Written = Words | Restart | Step[Draft]
WORD = re.compile(r"\S+\s*|\s+")


async def write(
    situation: Situation,
    plan: Plan,
    models: Sequence[ChatModel],
    prompts: Prompts,
    budget: Budget,
    count: Count,
    *,
    words_per_second: float = 0,
    repair: Sequence[Finding] = (),
) -> AsyncGenerator[Written]:
    """The prose of a plan as it is written; the draft with its trace comes last.

    Never fails: the built-in writer tells the plan when no model does. `words_per_second` paces only the
    built-in one (0: all at once). With `repair` the models are told what was wrong before, and when none of
    them answers nothing comes: the caller keeps what it has.
    """
    record = Record("writer")
    if models:
        speakers = {c.id: c.name for c in situation.world.characters}
        named = plan.model_copy(
            update={
                "beats": tuple(
                    b.model_copy(update={"speaker": speakers.get(b.speaker or "", b.speaker)})
                    for b in plan.beats
                )
            }
        )
        record.prompt = prompt_for(
            "writer", situation, prompts, plan=named, repair=tuple(repair), budget=budget.prose
        )
        request = request_for(
            record.prompt, max_tokens=budget.prose, timeout_seconds=budget.timeout_seconds, temperature=0.8
        )
        async with aclosing(_ask_writers(record, models, request, situation, budget, count)) as writing:
            async for piece in writing:
                if isinstance(piece, tuple):
                    text, engine = piece
                    draft = Draft(text=text, events=plan.changes)
                    yield Step(draft, record.trace(engine, text), record.messages(engine))
                    return
                yield piece
    if repair:
        return
    draft = narrator.tell(situation, plan)
    async for word in _paced(draft.text, words_per_second):
        yield word
    given = None if record.prompt else {"plan": plan.model_dump(mode="json")}
    yield Step(draft, record.trace("builtin", draft.text, given), record.messages("builtin"))


async def _ask_writers(
    record: Record,
    models: Sequence[ChatModel],
    request: ChatRequest,
    situation: Situation,
    budget: Budget,
    count: Count,
) -> AsyncGenerator[Words | Restart | tuple[str, str]]:
    """The words of the first model that writes something readable; then the whole prose and its engine."""
    own = situation.action.text.strip() + "\n\n" if situation.action.mode == "write" else ""
    for model in models:
        attempt = request
        for _ in range(TRIES):
            said, usage, again = "", None, True
            if own:
                yield Words(own)
            try:
                async with aclosing(_stream(model, attempt)) as stream:
                    async for piece in stream:
                        if isinstance(piece, str):
                            said += piece
                            yield Words(piece)
                        else:
                            usage, cut = piece
                            said = whole_sentences(said) if cut else said
                prose = own + prose_from(said, budget.prose, count)
                record.note(model, "used", said, usage)
                yield prose, engine_name(model)
                return
            except BadAnswer as error:
                fault = str(error)
            except (ProviderError, CapReached) as error:
                fault, raw, used, again = what_failed(error)
                said, usage = said or raw, used
            record.note(model, fault, said, usage)
            if own or said:
                yield Restart(f"{engine_name(model)}: {fault}")
            if not again:
                break
            attempt = with_fault(request, said, fault)


async def _stream(model: ChatModel, request: ChatRequest) -> AsyncGenerator[str | tuple[Usage, bool]]:
    """The words of one call without the thoughts some models print first; then its usage and whether it was cut."""
    thinking, held = True, ""
    async with aclosing(model.stream(request)) as pieces:
        async for piece in pieces:
            if not isinstance(piece, TextDelta):
                yield piece.usage, piece.finish == "length"
                return
            if not thinking:
                yield piece.text
                continue
            held += piece.text
            if "</think>" in held:
                thinking, held = False, held.split("</think>", 1)[1].lstrip()
            elif not "<think>".startswith(held.lstrip()[:7]):
                thinking = False
            if not thinking and held:
                yield held
                held = ""


async def _paced(text: str, words_per_second: float) -> AsyncGenerator[Words]:
    for word in WORD.findall(text):
        yield Words(word)
        if words_per_second > 0:
            await asyncio.sleep(1 / words_per_second)
