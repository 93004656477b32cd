"""Reading JSON answers as models really write them, then holding them to their schema."""

import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError

_FENCE = re.compile(r"```(?:json|JSON)?\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
_THINKING = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
MAX_ANSWER = 400_000
"""Longest JSON answer that is looked at, in characters."""


MOST_BRACES = 20
"""How many braces in the words before the object are looked at."""


class NotAnAnswer(ValueError):
    """The text is not the JSON that was asked for. Its message names the fault, for the model's next try."""


def read_answer(text: str, schema: type[BaseModel]) -> BaseModel:
    """Find the JSON object in a model's answer and validate it.

    Forgiven are: code fences, words before and after, thinking aloud, raw control characters in strings.
    Raises NotAnAnswer, with a message made for the model that shall mend it.
    """
    value = _find_object(text)
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise NotAnAnswer(_faults(error)) from error
    except RecursionError as error:
        raise NotAnAnswer("The JSON is nested too deeply.") from error


def _find_object(text: str) -> Any:
    if not text.strip():
        raise NotAnAnswer("The answer was empty.")
    if len(text) > MAX_ANSWER:
        raise NotAnAnswer("The answer was far too long.")
    text = _THINKING.sub("", text, count=1)
    fenced = _FENCE.search(text)
    for candidate in ([fenced.group(1)] if fenced else []) + [text]:
        start = candidate.find("{")
        for _ in range(MOST_BRACES):
            if start < 0:
                break
            try:
                # strict=False lets raw control characters stand in strings; what follows the object is left over
                return json.JSONDecoder(strict=False).raw_decode(candidate, start)[0]
            except json.JSONDecodeError as error:
                if error.pos > start + 1:
                    break  # it began as an object and broke off: what is inside it is not the answer
            except RecursionError:
                break
            start = candidate.find("{", start + 1)
    if "{" in text:
        raise NotAnAnswer("The JSON is broken or was cut off before its end.")
    raise NotAnAnswer("The answer was not JSON.")


def _faults(error: ValidationError) -> str:
    """The first few faults, in words a model can act on. Never the values themselves."""
    lines = [
        f"{'.'.join(str(p) for p in e['loc']) or 'answer'}: {e['msg']}"
        for e in error.errors(include_url=False, include_input=False, include_context=False)[:4]
    ]
    return "The JSON does not fit the schema: " + "; ".join(lines) + "."
