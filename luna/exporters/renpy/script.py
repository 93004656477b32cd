"""A scene graph as Ren'Py script: labels, say statements, menus, jumps. Pure text, nothing is written here."""

from collections import Counter
from dataclasses import dataclass, field

from luna.exporters.renpy.text import Names, literal, spoken
from luna.kernel.errors import Diagnostic, Severity
from luna.scenes.lint import reachable
from luna.scenes.runtime import assignments, ending_title
from luna.scenes.types import Condition, Link, Node, SceneGraph

LINES_PER_FILE = 2500
"""After how many lines of source a new file begins, so that editors and the engine's loader stay quick."""

INDENT = "    "


@dataclass
class Script:
    """The script files by name, and what is in them."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    images: dict[str, str] = field(default_factory=dict[str, str])
    lines: int = 0
    choices: int = 0
    endings: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])


def write_script(graph: SceneGraph) -> Script:
    """The script of a graph that passed lint. `images` maps picture keys to image names."""
    writer = _Writer(graph)
    writer.write()
    return writer.script


class _Writer:
    def __init__(self, graph: SceneGraph) -> None:
        self.graph = graph
        self.nodes = graph.by_id()
        self.script = Script()
        self.reached = reachable(graph)
        speakers, images = Names("ch"), Names("bg")
        self.speakers = {s.id: speakers.fresh(s.name) for s in graph.meta.cast}
        self.script.images = {key: images.fresh(self._picture_word(key)) for key in graph.meta.pictures}
        self.ending_count = sum(1 for i in self.reached if not self.nodes[i].next)
        self.labels = self._labels()

    def write(self) -> None:
        self.script.files["characters.rpy"] = self._characters()
        parts: list[list[str]] = [["label start:", f"{INDENT}jump {self._label(self.graph.nodes[0].id)}", ""]]
        for head in self.labels:
            block = self._block(head)
            if len(parts[-1]) + len(block) > LINES_PER_FILE and len(parts[-1]) > 3:
                parts.append([])
            parts[-1] += block
        for number, part in enumerate(parts, 1):
            name = "script.rpy" if number == 1 else f"script_{number:03d}.rpy"
            self.script.files[name] = "\n".join(part) + "\n"

    def _picture_word(self, key: str) -> str:
        request = self.graph.meta.pictures[key].request
        return request.place if request and request.place else "picture"

    def _characters(self) -> str:
        used = {n.speaker for n in self.graph.nodes if n.id in self.reached}
        rows = [
            f"define {self.speakers[s.id]} = Character({literal(_name(s.name))}, color={literal(s.colour)}, "
            f'what_prefix="“", what_suffix="”")'
            for s in self.graph.meta.cast
            if s.id in used
        ]
        return "\n".join(["# Who speaks.", "", *rows]) + "\n"

    def _labels(self) -> dict[str, str]:
        """The nodes that begin a label: the first, those met from several sides or by a choice or a
        condition, and the first of each turn. In the order of a walk that finishes one way before the next."""
        arrivals = Counter(link.to for i in self.reached for link in self.nodes[i].next)
        heads: dict[str, str] = {}
        todo = [self.graph.nodes[0].id]
        seen: set[str] = set()
        came_from: dict[str, Node] = {}
        while todo:
            node = self.nodes[todo.pop()]
            if node.id in seen:
                continue
            seen.add(node.id)
            before = came_from.get(node.id)
            if before is None or arrivals[node.id] > 1 or _branches(before) or _turn(before) != _turn(node):
                heads[node.id] = f"part_{len(heads) + 1:05d}"
            for link in reversed(node.next):
                came_from.setdefault(link.to, node)
                todo.append(link.to)
        return heads

    def _label(self, node_id: str) -> str:
        return self.labels[node_id]

    def _block(self, head: str) -> list[str]:
        """One label with everything up to the next."""
        node = self.nodes[head]
        number = node.meta.get("number")
        rows = [f"# Turn {number}"] if isinstance(number, int) else []
        rows.append(f"label {self._label(head)}:")
        while True:
            rows += self._effects(node)
            if len(node.next) != 1 or node.next[0].conditions or node.type == "choice":
                return [*rows, *self._way_out(node), ""]
            following = node.next[0].to
            if following in self.labels:
                return [*rows, f"{INDENT}jump {self._label(following)}", ""]
            node = self.nodes[following]

    def _effects(self, node: Node) -> list[str]:
        """What a node shows, sets and says, under its own conditions."""
        rows: list[str] = []
        picture = node.directives.get("background")
        if isinstance(picture, str) and picture in self.script.images:
            rows.append(f"scene {self.script.images[picture]} with dissolve")
        for name, value in assignments(node).items():
            rows.append(f"$ luna_variables[{literal(name)}] = {literal(value)}")
        if node.type == "text" and node.content.strip():
            self.script.lines += 1
            who = self.speakers.get(node.speaker or "")
            rows.append(f"{who} {spoken(node.content)}" if who else spoken(node.content))
        if node.conditions and rows:
            rows = [f"if {_test(node.conditions)}:", *(INDENT + row for row in rows)]
        return [INDENT + row for row in rows]

    def _way_out(self, node: Node) -> list[str]:
        if node.type == "choice":
            return self._menu(node)
        if not node.next:
            self.script.endings += 1
            return [f"{INDENT}{row}" for row in (*self._ending_card(node), "return")]
        rows: list[str] = []
        for link in node.next:
            jump = f"jump {self._label(link.to)}"
            if not link.conditions:
                return [*rows, INDENT + jump]
            rows += [f"{INDENT}if {_test(link.conditions)}:", f"{INDENT}{INDENT}{jump}"]
        return [*rows, f"{INDENT}return"]

    def _menu(self, node: Node) -> list[str]:
        self.script.choices += 1
        rows = [f"{INDENT}menu:"]
        if node.content.strip():
            rows.append(f"{INDENT * 2}{spoken(node.content)}")
        for link in node.next:
            rows += self._answer(link)
        # The engine walks past a menu whose answers are all closed: such a way ends there.
        return [*rows, f"{INDENT}return"] if all(link.conditions for link in node.next) else rows

    def _answer(self, link: Link) -> list[str]:
        condition = f" if {_test(link.conditions)}" if link.conditions else ""
        return [
            f"{INDENT * 2}{spoken(' '.join(link.label.split()) or '…')}{condition}:",
            f"{INDENT * 3}jump {self._label(link.to)}",
        ]

    def _ending_card(self, node: Node) -> list[str]:
        """A last card, so that a way does not stop in the middle of the screen. Its title tells ends apart."""
        title = ending_title(node) or self.graph.title
        if self.graph.meta.language.split("-")[0] == "en":
            words = f"The end\n{title}" if self.ending_count > 1 and title else "The end"
        else:
            words = title or "—"
        return [f"centered {spoken(words)}"]


def _name(name: str) -> str:
    """A name as Character takes it: interpolation and text tags are live in names too."""
    return name.replace("[", "[[").replace("{", "{{")


def _turn(node: Node) -> object:
    return node.meta.get("turn_id")


def _branches(node: Node) -> bool:
    return node.type == "choice" or len(node.next) > 1 or any(link.conditions for link in node.next)


def _test(conditions: tuple[Condition, ...]) -> str:
    return " and ".join(
        f"luna_holds({literal(c.variable)}, {literal(c.test)}, {literal(c.value)})" for c in conditions
    )


def unknown_picture(key: str) -> Diagnostic:
    """The finding for a picture whose bytes were not given."""
    return Diagnostic(
        code="renpy-picture-missing",
        severity=Severity.warning,
        where=key,
        message="The picture was not given; a plain backdrop takes its place.",
        fix="Export again when the picture has been made.",
    )
