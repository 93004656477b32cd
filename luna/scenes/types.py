"""The scene graph: the one format between everything that makes scenes and everything that shows them.

A graph is a set of nodes that name what comes next. The first node is where it starts; a node without a
next one is an ending. The format carries its version, so that old files can be upgraded.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from luna.imaging.types import ImageRequest
from luna.kernel.values import Frozen

FORMAT = "luna-scene"
VERSION = 1

NodeId = Annotated[str, Field(min_length=1, max_length=200)]
Scalar = bool | int | float | str


class Condition(Frozen):
    """A test of a variable. A variable that was never set counts as false, 0 or "" as the value suggests."""

    variable: Annotated[str, Field(min_length=1, max_length=200)]
    test: Literal["==", "!=", "<", "<=", ">", ">="] = "=="
    value: Scalar = True


class Link(Frozen):
    """A way on. `label` is what a choice shows. The link is open when all its conditions hold."""

    to: NodeId
    label: Annotated[str, Field(max_length=2000)] = ""
    conditions: tuple[Condition, ...] = ()


class Node(Frozen):
    """One step.

    text: a line, said by `speaker` (an id of the cast) or told when that is None. choice: `content` is the
    question, if any, and every `next` an answer. action: nothing is said, only the directives happen.

    Directives the player and the exporters know: `background` (a key of the graph's pictures), `place` (a
    name), `ending` (its title, on a node without next), `set` (variables to their new values). Others pass
    through untouched. The first open `next` is taken, except in a choice. `conditions` skip the node's own
    effect when they do not hold; the way goes on.
    """

    id: NodeId
    type: Literal["text", "choice", "action"] = "text"
    speaker: str | None = None
    content: Annotated[str, Field(max_length=20_000)] = ""
    directives: dict[str, JsonValue] = {}
    conditions: tuple[Condition, ...] = ()
    next: tuple[Link, ...] = ()
    meta: dict[str, JsonValue] = {}


class Speaker(Frozen):
    """Somebody who says lines. `colour` is #rrggbb."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(max_length=400)]
    full_name: Annotated[str, Field(max_length=400)] = ""
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#e8d9b5"


class Picture(Frozen):
    """Where a picture comes from: an asset that exists, or a request that paints it. The asset wins."""

    asset_id: str | None = None
    request: ImageRequest | None = None


class SceneMeta(Frozen):
    """What belongs to the whole graph. `extra` is for programs; nothing here changes how it plays."""

    cast: tuple[Speaker, ...] = ()
    pictures: dict[str, Picture] = {}
    story_id: str | None = None
    language: str = "en"
    licence: str = ""
    extra: dict[str, JsonValue] = {}


class SceneGraph(Frozen):
    """A whole scene, or a whole story as one graph."""

    format: Literal["luna-scene"] = FORMAT
    version: Literal[1] = VERSION
    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(max_length=400)] = ""
    nodes: tuple[Node, ...]
    meta: SceneMeta = SceneMeta()

    def by_id(self) -> dict[str, Node]:
        """The nodes by their ids; of duplicates the first."""
        found: dict[str, Node] = {}
        for node in self.nodes:
            found.setdefault(node.id, node)
        return found

    def speaker(self, who: str | None) -> Speaker | None:
        """The member of the cast with this id, or None."""
        return next((s for s in self.meta.cast if s.id == who), None)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scene graph file."""
    return {"$id": f"urn:luna:{FORMAT}:{VERSION}", **SceneGraph.model_json_schema()}
