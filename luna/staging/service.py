"""Turns into scenes: a story's branches as one graph of lines, pictures and choices.

Pure: the same story gives the same graph. Every node keeps the id of the turn it comes from.
"""

from collections import deque
from dataclasses import dataclass

from pydantic import JsonValue

from luna.imaging.types import ImageRequest
from luna.kernel.errors import BadInput
from luna.scenes.types import Link, Node, Picture, SceneGraph, SceneMeta, Speaker
from luna.staging.breaking import clipped, short_lines
from luna.staging.speech import Line, lines
from luna.staging.types import CastMember, StagedBranch, StagedStory, StagedTurn
from luna.turns.events import PLAYER

MAX_LABEL = 100
"""Longest answer of a choice, in characters."""

COLOURS = ("#f2c083", "#9ccfd8", "#e6a0a8", "#b8d8a0", "#c9b3ea", "#f0e0a0", "#8fb8ea", "#e8b48f")
DAY_PARTS = (
    (5 * 60, 23 * 60),
    (8 * 60, 6 * 60 + 30),
    (17 * 60, 12 * 60),
    (21 * 60, 19 * 60),
    (24 * 60, 23 * 60),
)
"""Until when (minutes of the day) a picture shows which time: one picture serves a whole part of the day."""


@dataclass(frozen=True)
class _Tree:
    """The turns that lie on branches: what follows each (None: the roots), and whose last turn each is."""

    turns: dict[str, StagedTurn]
    after: dict[str | None, list[str]]
    leads_to: dict[str, StagedBranch]
    ends: dict[str, list[StagedBranch]]


def stage(story: StagedStory) -> SceneGraph:
    """The whole of a story's branches as one scene graph.

    Where branches part, a choice offers the action of each way. Every way ends with an action node that
    carries the directive `ending`. Raises BadInput when there is no branch, or a branch's turn is missing.
    """
    tree = _grow(story)
    pictures: dict[str, Picture] = {}
    nodes: list[Node] = []
    roots = tree.after[None]
    if len(roots) > 1:
        nodes.append(_choice("start/choice", tree, roots))
    queue: deque[tuple[str, str | None]] = deque((root, None) for root in roots)
    while queue:
        turn_id, shown = queue.popleft()
        turn = tree.turns[turn_id]
        picture = _picture(story, turn)
        key = _keep(pictures, picture) if picture else shown
        nodes += _turn_nodes(story, tree, turn, key if key != shown else None)
        queue.extend((child, key) for child in tree.after.get(turn_id, ()))
    return SceneGraph(
        id=story.id,
        title=story.title,
        nodes=tuple(nodes),
        meta=SceneMeta(
            cast=_cast(story),
            pictures=pictures,
            story_id=story.id,
            language=story.language,
            licence=story.licence,
        ),
    )


def _grow(story: StagedStory) -> _Tree:
    turns = {turn.id: turn for turn in story.turns}
    if not story.branches:
        raise BadInput("The story has no branch to stage.", "Name at least one branch.")
    after: dict[str | None, list[str]] = {None: []}
    leads_to: dict[str, StagedBranch] = {}
    ends: dict[str, list[StagedBranch]] = {}
    for branch in story.branches:
        ends.setdefault(branch.head, []).append(branch)
        for turn in reversed(_ancestry(turns, branch)):
            if turn.id in leads_to:
                continue
            leads_to[turn.id] = branch
            parent = turn.parent_id if turn.parent_id in turns else None
            after.setdefault(parent, []).append(turn.id)
    return _Tree(turns, after, leads_to, ends)


def _ancestry(turns: dict[str, StagedTurn], branch: StagedBranch) -> list[StagedTurn]:
    """The turns of a branch, last first. A parent that was not given makes the turn a first one."""
    if branch.head not in turns:
        raise BadInput(
            f"The last turn of the branch {branch.name!r} is missing.", "Load the branch's turns as well."
        )
    found: list[StagedTurn] = []
    seen: set[str] = set()
    at: str | None = branch.head
    while at is not None and at in turns:
        if at in seen:
            raise BadInput(
                f"The turns of the branch {branch.name!r} go round in a circle.",
                "Load the turns again: each has one parent, told before it.",
            )
        seen.add(at)
        found.append(turns[at])
        at = turns[at].parent_id
    return found


def _turn_nodes(story: StagedStory, tree: _Tree, turn: StagedTurn, picture: str | None) -> list[Node]:
    """The nodes of one turn: its lines, then a choice, an ending, or the way to the next turn."""
    first: dict[str, JsonValue] = {}
    if picture is not None:
        first["background"] = picture
    if turn.place is not None:
        first["place"] = turn.place.name
    told = [Line(line.speaker, text) for line in _turn_lines(story, turn) for text in short_lines(line.text)]
    meta: dict[str, JsonValue] = {"turn_id": turn.id, "number": turn.number}
    following = tree.after.get(turn.id, [])
    last = f"{turn.id}/{'next' if len(following) == 1 else 'choice' if following else 'end'}"
    target = _entry(following[0]) if len(following) == 1 else last
    steps = told or [Line(None, "")]
    found = [
        Node(
            id=_entry(turn.id) if i == 0 else f"{turn.id}/{i}",
            type="text" if line.text else "action",
            speaker=line.speaker,
            content=line.text,
            directives=first if i == 0 else {},
            next=(Link(to=f"{turn.id}/{i + 1}" if i + 1 < len(steps) else target),),
            meta=meta,
        )
        for i, line in enumerate(steps)
    ]
    if len(following) > 1:
        found.append(_choice(last, tree, following, meta))
    elif not following:
        title = " · ".join(branch.name for branch in tree.ends.get(turn.id, [])) or story.title
        found.append(Node(id=last, type="action", directives={"ending": title}, meta=meta))
    return found


def _entry(turn_id: str) -> str:
    """The id of a turn's first node."""
    return f"{turn_id}/0"


def _turn_lines(story: StagedStory, turn: StagedTurn) -> list[Line]:
    """The lines of a turn. What the player said is put first when the prose does not repeat it."""
    told = lines(turn.prose, story.cast, story.person)
    said = turn.action.strip().strip('“”"').strip()
    has_player = any(member.id == PLAYER for member in story.cast)
    if turn.mode == "say" and said and has_player and _plain(said) not in _plain(turn.prose):
        return [Line(PLAYER, said), *told]
    return told


def _plain(text: str) -> str:
    """Letters and digits only, for telling whether one text contains another."""
    return "".join(c for c in text.casefold() if c.isalnum())


def _choice(
    node_id: str, tree: _Tree, following: list[str], meta: dict[str, JsonValue] | None = None
) -> Node:
    labels = [_label(tree.turns[i]) or tree.leads_to[i].name or "…" for i in following]
    links: list[Link] = []
    for i, label in zip(following, labels, strict=True):
        same = labels.count(label) > 1
        words = f"{label} ({tree.leads_to[i].name})" if same else label
        links.append(Link(to=_entry(i), label=words))
    return Node(id=node_id, type="choice", next=tuple(links), meta=meta or {})


def _label(turn: StagedTurn) -> str:
    """The answer that leads to a turn: the player's action, as they wrote it."""
    text = clipped(turn.action, MAX_LABEL)
    if turn.mode in ("opening", "continue") and not text:
        return "" if turn.mode == "opening" else "Go on"
    if not text:
        return ""
    if turn.mode == "say":
        return text if text[0] in '“"«「' else f"“{text}”"
    return text[0].upper() + text[1:]


def _cast(story: StagedStory) -> tuple[Speaker, ...]:
    return tuple(
        Speaker(
            id=member.id,
            name=_shown_name(member),
            full_name=member.full_name[:400],
            colour=member.colour or COLOURS[index % len(COLOURS)],
        )
        for index, member in enumerate(story.cast)
    )


def _shown_name(member: CastMember) -> str:
    name = " ".join(member.name.split())[:400] or member.id
    return name[0].upper() + name[1:]


def _picture(story: StagedStory, turn: StagedTurn) -> Picture | None:
    """The picture behind a turn: its own, or a background of the place at that part of the day."""
    if turn.picture is not None and (turn.picture.asset_id or turn.picture.request):
        return turn.picture
    if turn.place is None:
        return None
    minutes = turn.minutes % (24 * 60)
    request = ImageRequest(
        subject=turn.place.name[:200],
        place=turn.place.name[:200],
        place_description=turn.place.description[:4000],
        indoors=turn.place.indoors,
        minutes=next(shown for until, shown in DAY_PARTS if minutes < until),
        weather=(turn.weather or "")[:200],
        tension=8 if turn.tension >= 7 else 3,
        seed=f"{story.seed}/{turn.place.id}"[:200],
    )
    return Picture(request=request)


def _keep(pictures: dict[str, Picture], picture: Picture) -> str:
    """The key of a picture among the graph's pictures; equal pictures share one."""
    if picture.asset_id:
        key = f"asset-{picture.asset_id}"
    else:
        assert picture.request is not None
        key = f"painted-{picture.request.key()[:16]}"
    pictures[key] = picture
    return key
