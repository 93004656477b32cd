"""JSON as models really write it."""

import contextlib
import json
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from luna.llm.answers import NotAnAnswer, read_answer


class Plan(BaseModel):
    title: Annotated[str, Field(max_length=40)]
    beats: Annotated[list[str], Field(min_length=1, max_length=2)]


GOOD = '{"title": "A door", "beats": ["It rains."]}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```\nDone!",
        f"```json\n{GOOD}",
        f"Sure! Here is the plan:\n{GOOD}\nTell me if it is not {{right}}.",
        f"<think>What about {{beats}}?</think>\n{GOOD}",
        f"\ufeff  {GOOD}",
        GOOD + GOOD,
        f"The {{title}} and {{beats}} are: {GOOD}",
    ],
)
def test_is_found(text: str) -> None:
    assert read_answer(text, Plan) == Plan(title="A door", beats=["It rains."])


def test_raw_control_characters_stand_in_strings() -> None:
    text = '{"title": "A\tdoor\n", "beats": ["It\x01 rains."]}'
    assert read_answer(text, Plan) == Plan(title="A\tdoor\n", beats=["It\x01 rains."])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("I would rather not.", "not JSON"),
        (GOOD[:-5], "cut off"),
        ('{"plan": {"title": "A door", "beats": ["a"]}, "more": [', "cut off"),
        ("{}", "title: Field required"),
        ('{"title": "A door", "beats": []}', "beats: List should have at least 1 item"),
        ('{"title": "A door", "beats": ["a", "b", "c"]}', "at most 2"),
        ("[1, 2]", "not JSON"),
        ("{" * 100_000, "broken"),
        ('{"a":' * 50_000, "broken"),
        ("x" * 500_000, "too long"),
    ],
)
def test_names_the_fault(text: str, says: str) -> None:
    with pytest.raises(NotAnAnswer, match=says):
        read_answer(text, Plan)


def test_does_not_repeat_the_values() -> None:
    with pytest.raises(NotAnAnswer) as caught:
        read_answer(json.dumps({"title": "secret " * 20, "beats": ["x"]}), Plan)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotAnAnswer):
        read_answer(text, Plan)
