"""The strategist: decides what happens in a turn. A model where one is configured, or the built-in one."""

from collections.abc import Sequence

from luna.llm.types import ChatModel, ChatReply
from luna.narrator import service as narrator
from luna.room.asking import BadAnswer, Record, ask, request_for
from luna.room.prompting import Prompts
from luna.room.reading import plan_from, size_of_plan
from luna.room.standing import prompt_for
from luna.room.types import Budget, Count, PlanAnswer, Step
from luna.turns.types import Plan, Situation

JSON_ROOM = 2


async def plan(
    situation: Situation, models: Sequence[ChatModel], prompts: Prompts, budget: Budget, count: Count
) -> Step[Plan]:
    """The plan of the turn. Never fails: the built-in strategist answers when no model does."""
    record = Record("strategist")
    found = None
    if models:
        record.prompt = prompt_for("strategist", situation, prompts, budget=budget.plan)
        request = request_for(
            record.prompt,
            max_tokens=budget.plan * JSON_ROOM,
            timeout_seconds=budget.timeout_seconds,
            schema=PlanAnswer,
        )

        def read(reply: ChatReply) -> tuple[Plan, tuple[str, ...]]:
            if not isinstance(reply.value, PlanAnswer):
                raise BadAnswer("it is not the JSON that was asked for.")
            return plan_from(reply.value, situation, budget.plan, count)

        found = await ask(record, models, request, read)
    if found:
        made, unused = found.value
        engine = found.engine
    else:
        made, unused, engine = narrator.plan(situation), (), "builtin"
    given = None if record.prompt else {"action": situation.action.model_dump(), "number": situation.number}
    trace = record.trace(engine, made.model_dump(mode="json"), given)
    return Step(made, trace, (*record.messages(engine), *unused))


def size_of(plan: Plan, count: Count) -> int:
    """The size of a plan's words, in tokens."""
    return size_of_plan(plan.beats, plan.open_question, count)
