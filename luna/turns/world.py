"""The told world: what is true before anything happens. A card, a lorebook, a premise or a world file all
become one `World`; every teller, built in or a model, reads this one value."""

from typing import Annotated, Any, Literal

from pydantic import Field

from luna.kernel.values import Frozen

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_\-]{0,63}$")]


class Style(Frozen):
    """How a story is told. `name` picks the folder of prompts and the tone of the built-in narrator."""

    name: str = "default"
    person: Literal[1, 2, 3] = 2
    tense: Literal["present", "past"] = "present"
    tone: str = "plain"
    pacing: Literal["slow", "measured", "fast"] = "measured"
    length: Literal["short", "medium", "long"] = "medium"
    language: str = "en"


class Player(Frozen):
    """The player's character."""

    name: str = "you"
    pronouns: Literal["he", "she", "they", "it"] = "they"
    description: str = ""


class Character(Frozen):
    """Somebody of the cast. `knows` maps a topic to what they would say about it, in their words or ours;
    `registers` names the voice they speak in, and a second one mixed into it; `schedule` says where they are by
    part of the day ("small hours", morning, afternoon, evening, night), elsewhere they are `at` their place."""

    id: Id
    name: str
    full_name: str = ""
    aliases: tuple[str, ...] = ()
    pronouns: Literal["he", "she", "they", "it"] = "they"
    role: str = ""
    description: str = ""
    personality: str = ""
    at: Id | None = None
    samples: tuple[str, ...] = ()
    habits: tuple[str, ...] = ()
    knows: dict[str, str] = {}
    relations: dict[str, str] = {}
    traits: dict[str, str] = {}
    registers: Annotated[tuple[str, ...], Field(max_length=2)] = ()
    schedule: dict[str, Id] = {}
    card_id: str | None = None


class Place(Frozen):
    """Somewhere. Every sentence of `description` and `senses` is a fact that can be told once."""

    id: Id
    name: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    senses: tuple[str, ...] = ()
    exits: tuple[Id, ...] = ()
    indoors: bool = False
    preposition: str = ""
    plural: bool = False


class Item(Frozen):
    """A thing. `at` is a place, a character, or "player". `aliases_after` opens names once a beat is done."""

    id: Id
    name: str
    aliases: tuple[str, ...] = ()
    aliases_after: dict[str, tuple[str, ...]] = {}
    description: str = ""
    at: Id | None = None
    fixed: bool = False
    plural: bool = False


class Lore(Frozen):
    """One entry of a lorebook as the tellers read it. Empty keys with `constant` are always told of."""

    id: str
    title: str = ""
    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    logic: Literal["and_any", "not_all", "not_any", "and_all"] = "and_any"
    text: str
    constant: bool = False
    order: int = 100
    case_sensitive: bool = False
    whole_words: bool = False


class Lead(Frozen):
    """A hint where to go on: ask somebody about a topic, go somewhere, look at a thing, or do something."""

    ask: Id | None = None
    topic: str = ""
    go: Id | None = None
    look: str = ""
    do: str = ""


Phase = Literal["setup", "rising", "turn", "crisis", "climax", "coda"]
"""The parts of a story, in order."""


class Telling(Frozen):
    """Another way to tell a beat. What is empty is taken from the beat itself."""

    text: str = ""
    quote: str = ""


class Beat(Frozen):
    """Something a thread has ready. `when` says what must hold: npc, place, topic, object, intent, after, any,
    not, flag, not_flag, have, turns, trust, deed, ending; each a value or a list (trust: person to least trust).
    `text` is narration, `quote` is said by `speaker`; `tellings` are alternatives, of which one is chosen by
    dice. `phase` is the part of the story it belongs to. `ending` is the name of the end it brings about.
    `delay` counts turns from when it could come; `clock` is an hour, in minutes after midnight."""

    id: Id
    stage: int = 1
    phase: Phase | None = None
    when: dict[str, Any] = {}
    text: str = ""
    quote: str = ""
    tellings: tuple[Telling, ...] = ()
    speaker: Id | None = None
    question: str = ""
    leads: tuple[Lead, ...] = ()
    memory: str = ""
    tension: int = 0
    trust: dict[str, int] = {}
    sets: tuple[str, ...] = ()
    gives: tuple[Id, ...] = ()
    moves: dict[str, str] = {}
    delay: int | None = None
    clock: Annotated[int, Field(ge=0, lt=24 * 60)] | None = None
    final: bool = False
    ending: Id | None = None


class Thread(Frozen):
    """One line of the plot: its question, plants told in passing, and beats that answer it. An `optional` one
    is left out of some tellings."""

    id: Id
    question: str = ""
    optional: bool = False
    plants: tuple[str, ...] = ()
    beats: tuple[Beat, ...] = ()


class World(Frozen):
    """Everything a teller starts from. Valid when the start place exists and ids are unique. `topics` maps a
    word to other words a player may use for it; `length` is how long the story is meant to be; `phrases` adds
    to the narrator's own, by key."""

    title: str
    premise: str = ""
    opening: str = ""
    language: str = "en"
    tone: str = "plain"
    length: Literal["short", "medium", "long"] | None = None
    player: Player = Player()
    start_place: Id | None = None
    start_minutes: int = 17 * 60
    weather: tuple[str, ...] = ()
    characters: tuple[Character, ...] = ()
    places: tuple[Place, ...] = ()
    items: tuple[Item, ...] = ()
    lore: tuple[Lore, ...] = ()
    threads: tuple[Thread, ...] = ()
    topics: dict[str, tuple[str, ...]] = {}
    genre: str = ""
    phrases: dict[str, tuple[str, ...]] = {}
    licence: str = ""

    def character(self, who: str) -> Character | None:
        """The character with this id, or None."""
        return next((c for c in self.characters if c.id == who), None)

    def place(self, where: str | None) -> Place | None:
        """The place with this id, or None."""
        return next((p for p in self.places if p.id == where), None)

    def item(self, what: str) -> Item | None:
        """The item with this id, or None."""
        return next((i for i in self.items if i.id == what), None)
