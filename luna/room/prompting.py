"""Prompts: Jinja files, one per agent and narrative style, which a user can replace from a folder.

A file has three parts divided by `{{ cut }}`, in the order in which they are sent: rules (always the same),
story (the same for many turns) and turn (new each time). What changes least comes first, so that providers'
prompt caches hit. A file is looked for as `<style>/<agent>.jinja`, then `default/<agent>.jinja`, in the
user's folder first; `builtin/<style>/<agent>.jinja` always names ours, for a user's file that extends it.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from luna.kernel.errors import BadInput
from luna.kernel.values import Frozen, digest, new_id

AGENTS = ("researcher", "strategist", "writer", "suggester")
LONGEST = 200_000


class Prompt(Frozen):
    """A prompt ready to send. `version` names the file's text, so that a trace says which one was used."""

    rules: str
    story: str
    turn: str
    file: str
    version: str


@dataclass(frozen=True)
class Prompts:
    """Where prompts come from: the user's folder, if any, before the built-in ones."""

    folder: str = ""

    def render(self, agent: str, style: str, values: dict[str, Any]) -> Prompt:
        """The prompt of an agent in a style. Raises BadInput when a user's file is broken, naming it."""
        environment = _environment(self.folder)
        name, source = _find(environment, agent, style)
        cut = new_id()  # nobody who writes an action or a card can know it
        try:
            text = environment.get_template(name).render({**values, "cut": cut})
        except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise _broken(name, str(error)) from error
        parts = [part.strip() for part in text.split(cut)]
        if len(parts) != 3:
            raise _broken(name, "it must have exactly two {{ cut }}")
        if len(text) > LONGEST:
            raise _broken(name, "it is too long")
        rules, story, turn = parts
        return Prompt(rules=rules, story=story, turn=turn, file=name, version=digest(source)[:12])

    def source(self, agent: str, style: str) -> tuple[str, str]:
        """The name and text of the file that is used for an agent in a style."""
        return _find(_environment(self.folder), agent, style)


def _broken(name: str, why: str) -> BadInput:
    return BadInput(
        f"The prompt {name} cannot be used: {why}.",
        "Correct the file in the prompts folder, or move it away to use the built-in one.",
        code="bad-prompt",
    )


def _find(environment: ImmutableSandboxedEnvironment, agent: str, style: str) -> tuple[str, str]:
    if agent not in AGENTS:
        raise BadInput(f"There is no agent called {agent!r}.", f"Agents: {', '.join(AGENTS)}.")
    loader = environment.loader
    for name in (f"{style}/{agent}.jinja", f"default/{agent}.jinja"):
        try:
            if loader is not None:
                return name, loader.get_source(environment, name)[0]
        except TemplateNotFound:
            continue
        except UnicodeDecodeError as error:
            raise _broken(name, "it is not UTF-8 text") from error
    raise BadInput(f"There is no prompt for {agent!r}.", "The installation is incomplete.")


@lru_cache(maxsize=8)
def _environment(folder: str) -> ImmutableSandboxedEnvironment:
    """Sandboxed: a shared folder of prompts is data, not code."""
    ours = FileSystemLoader(str(files("luna.room") / "prompts"))
    loaders: list[BaseLoader] = [FileSystemLoader(Path(folder))] if folder else []
    loaders += [ours, PrefixLoader({"builtin": ours})]
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
