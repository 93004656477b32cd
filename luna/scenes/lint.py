"""What is wrong with a scene graph, named with its node. Nothing is raised: the author gets the whole list."""

from collections import Counter, deque
from collections.abc import Iterable

from luna.kernel.errors import Diagnostic, Severity
from luna.scenes.types import Node, SceneGraph


def lint(scene: SceneGraph) -> list[Diagnostic]:
    """Every problem of a scene graph, errors first. An empty list means it plays to an end on every way."""
    if not scene.nodes:
        return [_error("scene-empty", scene.id, "The scene has no nodes.", "Add at least one text node.")]
    found = [*_ids(scene), *_links(scene), *_references(scene), *_ways(scene)]
    return sorted(found, key=lambda d: d.severity != Severity.error)


def reachable(scene: SceneGraph) -> set[str]:
    """The ids of all nodes that some way from the first node leads to, whatever the conditions."""
    if not scene.nodes:
        return set()
    nodes = scene.by_id()
    return _spread(
        [scene.nodes[0].id], {i: [link.to for link in n.next if link.to in nodes] for i, n in nodes.items()}
    )


def _error(code: str, where: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(code=code, severity=Severity.error, where=where, message=message, fix=fix)


def _warning(code: str, where: str, message: str, fix: str) -> Diagnostic:
    return Diagnostic(code=code, severity=Severity.warning, where=where, message=message, fix=fix)


def _ids(scene: SceneGraph) -> list[Diagnostic]:
    counts = Counter(node.id for node in scene.nodes)
    return [
        _error("scene-duplicate-id", i, f"{n} nodes have the id {i!r}.", "Give each node an id of its own.")
        for i, n in counts.items()
        if n > 1
    ]


def _links(scene: SceneGraph) -> list[Diagnostic]:
    known = {node.id for node in scene.nodes}
    found: list[Diagnostic] = []
    for node in scene.nodes:
        found += [
            _error(
                "scene-dangling-next",
                node.id,
                f"It leads to {link.to!r}, which does not exist.",
                "Lead it to an existing node or remove the link.",
            )
            for link in node.next
            if link.to not in known
        ]
        if node.type == "choice":
            found += _choice(node)
    return found


def _choice(node: Node) -> list[Diagnostic]:
    if not node.next:
        return [_error("scene-empty-choice", node.id, "The choice offers nothing.", "Add an answer.")]
    unnamed = sum(not link.label.strip() for link in node.next)
    found: list[Diagnostic] = []
    if unnamed:
        found.append(
            _error("scene-unnamed-choice", node.id, f"{unnamed} answers have no words.", "Write a label.")
        )
    labels = Counter(link.label.strip() for link in node.next if link.label.strip())
    found += [
        _warning("scene-same-choice", node.id, f"{n} answers read {label!r}.", "Word them differently.")
        for label, n in labels.items()
        if n > 1
    ]
    if all(link.conditions for link in node.next):
        found.append(
            _warning(
                "scene-choice-may-close",
                node.id,
                "Every answer has conditions, so there may be none to pick.",
                "Leave one answer without conditions.",
            )
        )
    return found


def _references(scene: SceneGraph) -> list[Diagnostic]:
    speakers = {speaker.id for speaker in scene.meta.cast}
    found: list[Diagnostic] = []
    for node in scene.nodes:
        if node.speaker is not None and node.speaker not in speakers:
            found.append(
                _error(
                    "scene-unknown-speaker",
                    node.id,
                    f"{node.speaker!r} is not in the cast.",
                    "Add the speaker to the cast, or tell the line without one.",
                )
            )
        picture = node.directives.get("background")
        if picture is not None and (not isinstance(picture, str) or picture not in scene.meta.pictures):
            found.append(
                _error(
                    "scene-unknown-picture",
                    node.id,
                    f"There is no picture {picture!r}.",
                    "Add it to the scene's pictures, or remove the background.",
                )
            )
    return found


def _ways(scene: SceneGraph) -> list[Diagnostic]:
    """Unreachable nodes, and reachable ones that no ending can be reached from."""
    nodes = scene.by_id()
    reached = reachable(scene)
    found = [
        _warning("scene-unreachable", i, "Nothing leads here.", "Link to it or remove it.")
        for i in nodes
        if i not in reached
    ]
    endings = [i for i in reached if not nodes[i].next and nodes[i].type != "choice"]
    if not endings:
        found.append(
            _error("scene-no-end", scene.nodes[0].id, "No way comes to an end.", "Let a node have no next.")
        )
        return found
    backwards: dict[str, list[str]] = {}
    for i in reached:
        for link in nodes[i].next:
            backwards.setdefault(link.to, []).append(i)
    ending_ahead = _spread(endings, backwards)
    found += [
        _error("scene-never-ends", i, "From here no ending can be reached.", "Link out of the loop.")
        for i in nodes
        if i in reached and i not in ending_ahead and nodes[i].next
    ]
    return found


def _spread(starts: Iterable[str], edges: dict[str, list[str]]) -> set[str]:
    """All that can be reached from `starts`, with them."""
    queue = deque(starts)
    seen = set(queue)
    while queue:
        for other in edges.get(queue.popleft(), ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen
