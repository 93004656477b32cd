"""The dreamer: what might come next, and the picture of where we are. It never delays a turn."""

from collections.abc import Sequence

from luna.imaging.types import ImageRequest
from luna.llm.types import ChatModel, ChatReply
from luna.narrator import service as narrator
from luna.room.asking import BadAnswer, Record, ask, request_for
from luna.room.prompting import Prompts
from luna.room.standing import prompt_for
from luna.room.types import Budget, Step, SuggestionsAnswer
from luna.turns.events import PLAYER
from luna.turns.types import Plan, Situation

SUGGESTION_TOKENS = 200


async def suggest(
    situation: Situation, models: Sequence[ChatModel], prompts: Prompts, budget: Budget
) -> Step[tuple[str, ...]]:
    """Three to five things the player might do next; the built-in ones when no model answers."""
    record = Record("suggester")
    found = None
    if models:
        record.prompt = prompt_for("suggester", situation, prompts)
        request = request_for(
            record.prompt,
            max_tokens=SUGGESTION_TOKENS,
            timeout_seconds=budget.timeout_seconds,
            schema=SuggestionsAnswer,
        )
        found = await ask(record, models, request, _read)
    if found:
        actions, engine = found.value, found.engine
    else:
        actions, engine = tuple(narrator.suggest(situation.world, situation.state, situation.dice)), "builtin"
    given = None if record.prompt else "the world and its state"
    return Step(actions, record.trace(engine, list(actions), given), record.messages(engine))


def picture(situation: Situation, plan: Plan) -> ImageRequest | None:
    """The picture of where the player is now, or None where no place is known.

    The same place at the same time of day and in the same weather asks for the same picture.
    """
    here = situation.state.where(PLAYER)
    place = situation.world.place(here)
    if place is None:
        return None
    return ImageRequest(
        kind="background",
        subject=place.name,
        place=place.name,
        place_description=place.description[:600],
        indoors=place.indoors,
        minutes=situation.state.minutes // 60 * 60 % (24 * 60),
        weather=situation.state.weather or "",
        tension=plan.tension // 3 * 3,
        seed=f"{situation.world.title}/{place.id}"[:200],
    )


def _read(reply: ChatReply) -> tuple[str, ...]:
    if not isinstance(reply.value, SuggestionsAnswer):
        raise BadAnswer("it is not the JSON that was asked for.")
    actions = tuple(dict.fromkeys(" ".join(a.split()) for a in reply.value.actions if a.strip()))
    if len(actions) < 3:
        raise BadAnswer("there are fewer than three different actions in it.")
    return actions
