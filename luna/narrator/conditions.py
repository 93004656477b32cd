"""What must hold before a beat can come: read from a view alone, so that suggestions ask the same question."""

from typing import Any, cast

from luna.narrator.index import many
from luna.narrator.view import View
from luna.turns.world import Beat


def speaker_of(beat: Beat) -> str | None:
    """Who tells a beat, when it is told by somebody: the speaker, or with a quote the person it waits for."""
    people = many(beat.when.get("npc"))
    if beat.speaker:
        return beat.speaker
    return people[0] if beat.quote and people else None


def possible(view: View, beat: Beat, number: int) -> bool:
    """Whether a beat could come at all by now: what went before, flags, possessions, the turn."""
    when, done = beat.when, view.done
    if beat.id in done or any(b not in done for b in many(when.get("after"))):
        return False
    if any(b in done for b in many(when.get("not"))):
        return False
    either = many(when.get("any"))
    if either and not any(b in done for b in either):
        return False
    flags = view.state.flags
    if any(not flags.get(f) for f in many(when.get("flag"))):
        return False
    if any(flags.get(f) for f in many(when.get("not_flag"))):
        return False
    if any(not view.has(i) for i in many(when.get("have"))):
        return False
    turns = [t for t in many(when.get("turns")) if t.isdigit()]
    if turns and number < int(turns[0]):
        return False
    who = speaker_of(beat)
    return _earned(view, beat) and not (who and (view.dead(who) or view.trust(who) <= -4))


def _earned(view: View, beat: Beat) -> bool:
    """Whether the trust, the deeds and the ending a beat asks for are there, and its thread is told at all."""
    when = beat.when
    if view.index.beats[beat.id][0].id in view.note("left_out", ()):
        return False
    wanted = when.get("trust")
    for who, least in cast(dict[str, Any], wanted).items() if isinstance(wanted, dict) else ():
        if not _reaches(view.trust(str(who)), least):
            return False
    deeds = many(when.get("deed"))
    if deeds and not any(_did(view, d) for d in deeds):
        return False
    endings, reached = many(when.get("ending")), view.note("ending")
    if endings and not (reached in endings or (reached and "*" in endings)):
        return False
    return not (beat.ending and reached)


def _reaches(trust: int, least: object) -> bool:
    """Trust in tens against "3" (at least) or "<-1" (below)."""
    text = str(least).strip()
    try:
        return trust < int(text[1:]) if text.startswith("<") else trust >= int(text.removeprefix(">="))
    except ValueError:
        return False


def _did(view: View, deed: str) -> bool:
    """Whether the player did something ("insult", or "insult:maren") that somebody remembers."""
    what, _, who = deed.partition(":")
    people = [who] if who else view.ordered("people")
    return any(d[0] == what for p in people for d in view.note(f"deeds:{p}", ()))
