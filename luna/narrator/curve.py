"""The shape of a story: how long it is meant to be, which part of it this is, and which beats belong to that part."""

from functools import lru_cache

from luna.narrator.index import Index, many
from luna.narrator.view import View
from luna.turns.world import Beat, Style

TURNS = {"short": 25, "medium": 45, "long": 80}
"""Turns a story is meant to have, by length."""
PHASES = ("setup", "rising", "turn", "crisis", "climax", "coda")
STARTS = (0.0, 0.16, 0.46, 0.58, 0.78)
"""Where the phases before the coda begin, as a part of the whole."""
TENSION = {"setup": 2, "rising": 4, "turn": 6, "crisis": 7, "climax": 9, "coda": 2}
"""The tension each phase is meant to have."""
SOONEST, LATEST = 0.72, 1.12
"""An ending is neither offered nor let happen by itself before the one; after the other the story is closed."""
CODA = 6
"""Turns after an ending in which people still come back to it."""


def turns_for(index: Index, style: Style) -> int:
    """How many turns a story is meant to have: the player's choice, else the world's, else a medium length."""
    chosen = style.length if style.length != "medium" else index.world.length or "medium"
    return TURNS[chosen]


def progress(view: View, number: int | None = None) -> float:
    """How far the story is, 1 being its intended length."""
    turn = int(view.note("turn", 0)) if number is None else number
    return turn / max(1, int(view.note("target", TURNS["medium"])))


def phase_at(view: View, number: int | None = None) -> str:
    """The part of the story the curve asks for now."""
    if is_over(view):
        return "coda"
    at = progress(view, number)
    return PHASES[max(n for n, start in enumerate(STARTS) if start <= at)]


def phase_of(index: Index, beat: Beat) -> str:
    """The part of the story a beat belongs to: its own word, else by its stage among all stages."""
    if beat.phase:
        return beat.phase
    if many(beat.when.get("ending")):
        return "coda"
    if beat.id in endings_of(index):
        return "climax"
    last = _stages(index)
    part = (beat.stage - 1) / last if last else 0
    return PHASES[min(3, int(part * 4))]


@lru_cache(32)
def _last_stage(stages: tuple[int, ...]) -> int:
    return max(stages, default=1)


def _stages(index: Index) -> int:
    return _last_stage(tuple(b.stage for _, b in index.beats.values()))


def fit(view: View, beat: Beat) -> int:
    """How well a beat suits the part of the story: 0 at best, less the further it is off."""
    return -abs(PHASES.index(phase_of(view.index, beat)) - PHASES.index(phase_at(view)))


def endings_of(index: Index) -> frozenset[str]:
    """The beats that end the story: those that say so, else the final ones of the latest stage."""
    named = frozenset(b.id for _, b in index.beats.values() if b.ending)
    if named:
        return named
    final = [b for _, b in index.beats.values() if b.final]
    latest = max((b.stage for b in final), default=0)
    return frozenset(b.id for b in final if b.stage == latest)


def is_over(view: View) -> bool:
    """Whether an ending was reached."""
    return bool(view.note("ending"))


def held(view: View, beat: Beat, number: int | None = None) -> bool:
    """Whether it is too early for a beat to come by itself, or to be offered."""
    if is_over(view):
        return False
    if beat.id in endings_of(view.index):
        return progress(view, number) < SOONEST
    ahead = PHASES.index(phase_of(view.index, beat)) - PHASES.index(phase_at(view, number))
    return ahead > 2


def needed(view: View) -> frozenset[str]:
    """The beats not told yet that the nearest ending waits for, that ending included."""
    index = view.index
    setters: dict[str, list[str]] = {}
    for _, beat in index.beats.values():
        for flag in beat.sets:
            setters.setdefault(flag, []).append(beat.id)
    paths = [_path(view, beat_id, setters, frozenset()) for beat_id in sorted(endings_of(index))]
    open_paths = [p for p in paths if p]
    return min(open_paths, key=lambda p: (len(p), sorted(p))) if open_paths else frozenset()


def _path(view: View, beat_id: str, setters: dict[str, list[str]], seen: frozenset[str]) -> frozenset[str]:
    """A beat and all that must come before it; empty when something shuts it out."""
    if beat_id in view.done or beat_id in seen or beat_id not in view.index.beats:
        return frozenset()
    when = view.index.beats[beat_id][1].when
    if any(b in view.done for b in many(when.get("not"))):
        return frozenset()
    if any(view.state.flags.get(f) for f in many(when.get("not_flag"))):
        return frozenset()
    seen = seen | {beat_id}
    found = {beat_id}
    waits = [[b] for b in many(when.get("after")) if b not in view.done]
    either = many(when.get("any"))
    if either and not any(b in view.done for b in either):
        waits.append(list(either))
    waits += [setters.get(f, []) for f in many(when.get("flag")) if not view.state.flags.get(f)]
    for choices in waits:
        ways = [w for w in (_path(view, c, setters, seen) for c in choices) if w]
        if not ways:
            return frozenset()
        found |= min(ways, key=lambda w: (len(w), sorted(w)))
    return frozenset(found)


def patience(view: View, pacing: str, number: int) -> int:
    """Turns without progress before the story moves by itself: fewer when it is behind its curve."""
    base = {"slow": 6, "measured": 4, "fast": 3}.get(pacing, 4)
    left = len(needed(view))
    if not left:
        return base
    turns = int(view.note("target", TURNS["medium"])) - number
    return max(2, min(base + 1, turns // (left + 1)))
