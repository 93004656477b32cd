"""A world for readers that do not know our slots: models, previews, exports."""

import random

from luna.narrator.address import PLAIN
from luna.narrator.realiser import Realiser
from luna.turns.world import Beat, Telling, Thread, World


def readable_text(text: str) -> str:
    """A text with its slots filled: "you", in the present tense. Text without slots comes back as it is."""
    text = text.replace(PLAIN, "")
    if "{" not in text:
        return text
    return Realiser(2, False, "you", "they").render(text, {}, random.Random(0))


def readable_world(world: World) -> World:
    """The same world in plain prose; what must stay as it is (ids, conditions, names) stays."""
    places = (
        p.model_copy(
            update={
                "description": readable_text(p.description),
                "senses": tuple(map(readable_text, p.senses)),
            }
        )
        for p in world.places
    )
    people = (c.model_copy(update={"description": readable_text(c.description)}) for c in world.characters)
    items = (i.model_copy(update={"description": readable_text(i.description)}) for i in world.items)
    return world.model_copy(
        update={
            "premise": readable_text(world.premise),
            "opening": readable_text(world.opening),
            "places": tuple(places),
            "characters": tuple(people),
            "items": tuple(items),
            "threads": tuple(map(_thread, world.threads)),
        }
    )


def _thread(thread: Thread) -> Thread:
    plants = (readable_text(p.partition(":")[2].strip() if p.startswith("@") else p) for p in thread.plants)
    return thread.model_copy(update={"plants": tuple(plants), "beats": tuple(map(_beat, thread.beats))})


def _beat(beat: Beat) -> Beat:
    texts = {"text": beat.text, "quote": beat.quote, "memory": beat.memory, "question": beat.question}
    tellings = (Telling(text=readable_text(t.text), quote=readable_text(t.quote)) for t in beat.tellings)
    changed = {key: readable_text(text) for key, text in texts.items()}
    return beat.model_copy(update={**changed, "tellings": tuple(tellings)})
