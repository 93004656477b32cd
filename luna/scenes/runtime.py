"""Plays a scene graph without a screen: the same graph and choices give the same steps, always."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from luna.kernel.errors import BadInput
from luna.kernel.values import Frozen
from luna.scenes.types import Condition, Link, Node, Scalar, SceneGraph

Status = Literal["ended", "waiting", "stuck", "too-long"]


class Walk(Frozen):
    """What was passed: the ids of all nodes in order, the labels of the answers taken, and how it stands.

    `shown` are the nodes among them whose own conditions held, so that they were said and done.

    ended: an ending was reached, `ending` is its title; waiting: at a choice that no answer was given for,
    `open` are its open answers; stuck: no link was open; too-long: the limit of steps was reached.
    """

    nodes: tuple[str, ...]
    shown: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    status: Status
    ending: str | None = None
    open: tuple[str, ...] = ()
    variables: dict[str, Scalar] = {}


def holds(condition: Condition, variables: Mapping[str, Scalar]) -> bool:
    """Whether a condition is true. Values of kinds that cannot be compared are only ever unequal."""
    value = condition.value
    have = variables.get(condition.variable, type(value)())
    if condition.test == "==":
        return have == value
    if condition.test == "!=":
        return have != value
    if isinstance(have, str) != isinstance(value, str):
        return False
    left, right = cast("tuple[float, float]", (have, value))
    match condition.test:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right


def assignments(node: Node) -> dict[str, Scalar]:
    """The variables a node sets. Anything in the directive that is not a plain value is left out."""
    wanted = node.directives.get("set")
    if not isinstance(wanted, dict):
        return {}
    return {name: value for name, value in wanted.items() if isinstance(value, bool | int | float | str)}


def ending_title(node: Node) -> str | None:
    """The title of an ending, when the node is one and has a title."""
    title = node.directives.get("ending")
    return title if isinstance(title, str) else None


def walk(scene: SceneGraph, choices: Sequence[int] = (), *, limit: int = 100_000) -> Walk:
    """Play from the first node. `choices` are indexes among the open answers of each choice met.

    Raises BadInput for an answer that is not offered, and for a link to a node that does not exist.
    """
    nodes = scene.by_id()
    trip = _Trip()
    answers = iter(choices)
    node = scene.nodes[0] if scene.nodes else None
    while node is not None and len(trip.nodes) < limit:
        trip.passes(node)
        if not node.next:
            return trip.stands("ended", ending=ending_title(node))
        ways = [link for link in node.next if all(holds(c, trip.variables) for c in link.conditions)]
        if not ways:
            return trip.stands("stuck")
        way = ways[0]
        if node.type == "choice":
            answer = next(answers, None)
            if answer is None:
                return trip.stands("waiting", ways=ways)
            way = _picked(node, ways, answer)
            trip.taken.append(way.label)
        node = _target(nodes, node, way)
    return trip.stands("too-long" if node else "ended")


@dataclass
class _Trip:
    """A walk under way."""

    nodes: list[str] = field(default_factory=list[str])
    shown: list[str] = field(default_factory=list[str])
    taken: list[str] = field(default_factory=list[str])
    variables: dict[str, Scalar] = field(default_factory=dict[str, Scalar])

    def passes(self, node: Node) -> None:
        """Come to a node, and do what it does if its conditions hold."""
        self.nodes.append(node.id)
        if all(holds(c, self.variables) for c in node.conditions):
            self.shown.append(node.id)
            self.variables.update(assignments(node))

    def stands(self, status: Status, *, ending: str | None = None, ways: Sequence[Link] = ()) -> Walk:
        """The walk so far."""
        return Walk(
            nodes=tuple(self.nodes),
            shown=tuple(self.shown),
            taken=tuple(self.taken),
            status=status,
            ending=ending,
            open=tuple(link.label for link in ways),
            variables=self.variables,
        )


def paths(scene: SceneGraph, *, most: int = 1000) -> list[tuple[int, ...]]:
    """Every way through the choices, as answers for `walk`, at most `most` of them.

    Loops that meet a choice again make endless ways; the limit ends the search there.
    """
    found: list[tuple[int, ...]] = []
    todo: list[tuple[int, ...]] = [()]
    while todo and len(found) < most:
        path = todo.pop()
        result = walk(scene, path)
        if result.status == "waiting" and len(path) < most:
            todo += [(*path, i) for i in reversed(range(len(result.open)))]
        else:
            found.append(path)
    return found


def _picked(node: Node, ways: list[Link], answer: int) -> Link:
    if not 0 <= answer < len(ways):
        raise BadInput(
            f"The choice {node.id!r} has {len(ways)} open answers; {answer} is not one of them.",
            "Answers are counted from 0.",
            code="no-such-answer",
        )
    return ways[answer]


def _target(nodes: dict[str, Node], node: Node, way: Link) -> Node:
    if way.to not in nodes:
        raise BadInput(
            f"{node.id!r} leads to {way.to!r}, which does not exist.",
            "Check the scene with lint first.",
            code="scene-dangling-next",
        )
    return nodes[way.to]
