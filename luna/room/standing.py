"""How things stand, in a line or two: what every prompt says about the state of the world."""

from typing import Any

from luna.narrator import service as narrator
from luna.room.prompting import Prompt, Prompts
from luna.turns.events import PLAYER
from luna.turns.types import Situation


def standing(situation: Situation) -> str:
    """Time, place, who is here, what the player carries, who is dead: in plain words."""
    state, world = situation.state, situation.world
    here = state.where(PLAYER)
    said = [clock(state.minutes)]
    if state.weather:
        said.append(state.weather)
    if here:
        said.append(f"the player's character is at {state.places.get(here, here)}")
    people = [state.characters[who].name for who in state.present(here)]
    said.append("with " + ", ".join(people) if people else "nobody else is there")
    carried = [state.items[item].name for item in state.carried(PLAYER)]
    if carried:
        said.append("carrying " + ", ".join(carried))
    lying = [state.items[item].name for item in state.lying(here)]
    if lying:
        said.append("within reach: " + ", ".join(lying[:6]))
    dead = [person.name for person in state.characters.values() if not person.alive]
    if dead:
        said.append("dead: " + ", ".join(dead))
    exits = world.place(here)
    ways = [state.places.get(e, e) for e in exits.exits] if exits else []
    if ways:
        said.append("ways lead to " + ", ".join(ways))
    return "; ".join(said) + "."


def clock(minutes: int) -> str:
    """Minutes since midnight of the first day, as people say it: "day 2, 17:05"."""
    day, rest = divmod(minutes, 24 * 60)
    return f"day {day + 1}, {rest // 60:02d}:{rest % 60:02d}"


def prompt_for(agent: str, situation: Situation, prompts: Prompts, **more: Any) -> Prompt:
    """The prompt of an agent for a situation, in the situation's style."""
    values: dict[str, Any] = {
        "world": narrator.readable_world(situation.world),
        "style": situation.style,
        "briefing": situation.briefing,
        "action": situation.action,
        "number": situation.number,
        "standing": standing(situation),
        "repair": (),
        **more,
    }
    return prompts.render(agent, situation.style.name, values)
