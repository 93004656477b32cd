"""Small values everything else is made of: ids, the clock, frozen models, and dice."""

import hashlib
import random
import uuid
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable value. Unknown fields are refused, so that a misspelt field is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def new_id() -> str:
    """A fresh random identifier: a lower-case UUID with dashes, 36 characters."""
    return str(uuid.uuid4())


def now() -> datetime:
    """The current time, in UTC and aware of it."""
    return datetime.now(UTC)


def digest(*parts: str) -> str:
    """Hash strings to 64 hex characters. Parts are length-prefixed: ("ab", "c") differs from ("a", "bc")."""
    h = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        h.update(len(raw).to_bytes(8, "big"))
        h.update(raw)
    return h.hexdigest()


class Dice(Frozen):
    """Reproducible chance.

    `path` names how the story came to this turn: the seed, every action on the way, and how often the
    turn was retaken. Each decision asks for a stream of its own by purpose, so that adding a draw in one
    place never changes another, and a fork that repeats an action repeats its text.
    """

    path: str

    @staticmethod
    def seeded(seed: str) -> "Dice":
        """The dice at the root of a story."""
        return Dice(path=digest("seed", seed))

    def after(self, action: str, retakes: int = 0) -> "Dice":
        """The dice of the turn that follows `action`, told again `retakes` times."""
        return Dice(path=digest("turn", self.path, action, str(retakes)))

    def stream(self, *purpose: str | int) -> random.Random:
        """A fresh random stream for one decision, for example ("roll", "sneak")."""
        key = digest(self.path, *(str(p) for p in purpose))
        return random.Random(int(key[:16], 16))


class ModelChoice(Frozen):
    """One link of an agent's chain: which provider, which model, and at which address it answers.

    `provider` is a name of the registry ("ollama", "anthropic", …, or "builtin"); `host` None is its usual one.
    """

    provider: Annotated[str, Field(min_length=1, max_length=60)]
    model: Annotated[str, Field(max_length=200)] = ""
    host: Annotated[str | None, Field(max_length=300)] = None
