"""Telling a plan that a model made: it has beats in plain sentences, and no moves."""

import re

from luna.narrator.address import mark_player
from luna.narrator.grammar import capital, tidy
from luna.narrator.parser import parse, speak
from luna.narrator.realiser import Doing
from luna.narrator.scene import Scene
from luna.narrator.teller import Teller
from luna.narrator.words import doing
from luna.turns.types import Plan, PlanBeat, Situation


def retell(teller: Teller, situation: Situation, plan: Plan) -> list[tuple[str, str]]:
    """An echo of the player's act, then each beat as decent sentences."""
    pieces: list[tuple[str, str]] = []
    echoed = _echo(teller, situation)
    if echoed:
        pieces.append(("act", echoed))
    for beat in plan.beats:
        teller.r.paragraph()
        text = _beat(teller, situation, beat)
        if text and not _same(text, echoed):
            pieces.append(("beat" if beat.quote else "act", text))
    return pieces


def _echo(teller: Teller, situation: Situation) -> str:
    """The player's act or words, told again in the narration's person and tense."""
    action = situation.action
    if action.mode in ("opening", "continue", "write"):
        return ""
    scene = Scene(teller.index, situation.state, situation.dice, situation.number)
    acts = speak(scene.view, action.text) if action.mode == "say" else parse(scene.view, action.text)
    act = acts[0]
    if act.speech:
        return teller.r.render(
            "“{speech_c}” {you} {say}.", teller.speech(act.speech[:400]), teller.rng("echo")
        )
    if act.kind == "act" and act.phrase and act.intent not in ("muse", "silence"):
        verb, rest = doing(scene, act)
        return teller.echo([Doing(verb, rest)])
    return ""


def _beat(teller: Teller, situation: Situation, beat: PlanBeat) -> str:
    what = re.sub(r"[{}\[\]]", "", beat.what)
    text = teller.world_text(mark_player(what, (teller.index.world.player.name,)), {})
    text = tidy(capital(text.strip()))
    if text and text[-1] not in ".!?…”":
        text += "."
    here = beat.speaker and teller.view.present(beat.speaker)
    before = beat.speaker and situation.state.where(beat.speaker) == teller.view.here
    if not beat.quote.strip() or not (here or before) or teller.view.dead(str(beat.speaker)):
        return text
    quote = teller.quote(str(beat.speaker), " ".join(beat.quote.split()))
    said = re.match(r".{0,60}\b(says|tells|speaks|replies|answers|asks)\b.{0,40}$", beat.what.strip())
    return quote if said else f"{text} {quote}"


def _same(text: str, echoed: str) -> bool:
    """Whether a beat only says again what the echo said."""
    return bool(echoed) and text.lower().rstrip(".") == echoed.lower().rstrip(".")
