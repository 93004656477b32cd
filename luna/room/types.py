"""What the writers' room hands out: steps with their traces, and the shapes a model is asked to answer in.

Every list has a smallest and a largest size and every text a longest length: an answer that fits the schema
can still be empty, and an empty plan is a fault.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from luna.story.types import AgentTrace

T = TypeVar("T")

Count = Callable[[str], int]
"""Counts the tokens of a text, offline."""


@dataclass(frozen=True)
class Step(Generic[T]):
    """What an agent made, how it came about, and what should be told about it in plain words."""

    value: T
    trace: AgentTrace
    messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Budget:
    """The ceilings of a turn, in tokens, and how long a model may take for its next token, in seconds."""

    briefing: int = 400
    plan: int = 300
    prose: int = 700
    timeout_seconds: float = 120.0


@dataclass(frozen=True)
class Words:
    """The next words of the prose, as they are written."""

    text: str


@dataclass(frozen=True)
class Restart:
    """What was written so far is void: the writer starts again, and why."""

    reason: str


Line = Annotated[str, Field(min_length=3, max_length=300)]
Short = Annotated[str, Field(max_length=120)]


class BeatAnswer(BaseModel):
    """One beat as a model writes it."""

    what: Line
    speaker: Short = ""


class ChangeAnswer(BaseModel):
    """One change of the world as a model writes it: flat, because small models lose their way in unions."""

    kind: Literal[
        "moved",
        "took",
        "gave",
        "dropped",
        "destroyed",
        "died",
        "learned",
        "relationship",
        "time",
        "introduced",
    ]
    who: Short = ""
    what: Short = ""
    to: Short = ""
    amount: Annotated[int, Field(ge=-100, le=1440)] = 0


class PlanAnswer(BaseModel):
    """The plan as a model writes it."""

    beats: Annotated[list[BeatAnswer], Field(min_length=2, max_length=6)]
    tension: Annotated[int, Field(ge=0, le=10)] = 3
    open_question: Short = ""
    changes: Annotated[list[ChangeAnswer], Field(max_length=6)] = []


class NoteAnswer(BaseModel):
    """One line of the briefing, shortened by a model; `item` is its number in what the model was given."""

    item: Annotated[int, Field(ge=1, le=99)]
    text: Line


class BriefingAnswer(BaseModel):
    """The briefing as a model writes it."""

    notes: Annotated[list[NoteAnswer], Field(min_length=1, max_length=12)]


class SuggestionsAnswer(BaseModel):
    """Suggestions as a model writes them."""

    actions: Annotated[
        list[Annotated[str, Field(min_length=3, max_length=100)]], Field(min_length=3, max_length=5)
    ]
