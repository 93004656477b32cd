"""Acts towards people: talk, courtesy, rudeness, violence. Their answers are in `answers`."""

import re
from typing import Any

from luna.narrator.answers import answer
from luna.narrator.parser import Act
from luna.narrator.scene import Scene
from luna.narrator.words import missing_args, topic_name
from luna.turns.events import Moved

SELVES = frozenset(
    ["herself", "himself", "themself", "themselves", "yourself", "itself", "you", "her", "him", "them"]
)
LONGEST_QUOTE = 400
GREETING = re.compile(r"\W*(hello|hi|hey|good (evening|morning|day|afternoon))\b.{0,20}")
FAREWELL = re.compile(
    r"\W*(good ?bye|bye|farewell|good ?night|see you|so long|until (later|tomorrow|then))\b.{0,30}$"
)


def absent(scene: Scene, act: Act) -> None:
    """Somebody who is meant is not here, or is dead."""
    who = str(act.target)
    name = scene.view.person(who).name
    if scene.view.dead(who):
        scene.say("act", "missing.dead", f"{name} is dead and does not answer.", n=who)
    else:
        raw = act.raw.lower()
        called = next((n for n in scene.view.person(who).names if n in raw), "")
        if who in scene.listed("met") or called in name.lower():
            scene.say("act", "missing.char", f"{name} is not here.", n=who)
        else:
            act.missing = called.split(" ")[-1]
            scene.say("act", "missing", f"There is no {called} here.", **missing_args(scene, act))


def talk(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Saying or asking something."""
    if act.target and not scene.view.present(act.target):
        absent(scene, act)
        return
    if act.intent == "say" or act.speech:
        _say(scene, act, args)
    else:
        _ask(scene, act, args)


def _say(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    speech = act.speech
    who = args.get("n")
    if who is None:
        key = "say.alone" if speech else "other" if act.phrase else "empty"
        scene.say(
            "act",
            key,
            f"The player says to nobody: {speech or act.raw[:200]}",
            speech=speech[:LONGEST_QUOTE],
            **args,
        )
        return
    scene.focus(who)
    name = scene.view.person(who).name
    if speech and len(speech) <= LONGEST_QUOTE:
        key = "say.asked" if speech.endswith("?") else "say.quoted"
        scene.say("act", key, f"The player says to {name}: “{speech}”", speech=speech, **args)
    elif speech or act.long or len(act.raw) > LONGEST_QUOTE:
        from luna.narrator.acts import gist

        args = {**args, "gist": gist(scene, speech or act.raw)}
        scene.say("act", "say.long", f"The player speaks at length to {name}.", **args)
    elif act.phrase and len(act.phrase) > 2:
        scene.say("act", "say.vp", f"The player: {act.raw[:200]}", **args)
    else:
        scene.say("act", "ask.none", f"The player turns to {name}.", **args)
    _respond(scene, act, who)


def _respond(scene: Scene, act: Act, who: str) -> None:
    low = (act.speech or act.raw).lower()
    if act.force in ("threaten", "comfort", "persuade"):
        _meant(scene, act, who)
        return
    if re.search(r"\b(sorry|apolog)", low):
        scene.deed(who, "apologise", 1)
        scene.line("react", who, "apology")
    elif re.search(r"\bthank", low):
        scene.deed(who, "thank", 1)
        scene.line("react", who, "thanked")
    elif act.speech and FAREWELL.match(low):
        scene.line("react", who, "farewell")
    elif act.speech and GREETING.fullmatch(low):
        scene.line("react", who, "greet")
    else:
        answer(scene, who, act, asked=act.speech.endswith("?") or act.question)


def _meant(scene: Scene, act: Act, who: str) -> None:
    """Words that threaten, comfort or ask for something are answered as what they are."""
    from luna.narrator.answers import knows_about
    from luna.narrator.plot import told_beat

    if told_beat(scene, [act]):
        return
    match act.force:
        case "threaten":
            scene.deed(who, "threaten", -2)
            scene.line("react", who, "threatened")
        case "comfort":
            scene.deed(who, "comfort", 1)
            scene.line("react", who, "comforted" if scene.view.trust(who) > -2 else "refuse")
        case _:
            if knows_about(scene.view, scene.view.person(who), act.topic):
                answer(scene, who, act, asked=True)
            else:
                scene.line("react", who, "agree" if scene.view.trust(who) > 0 else "refuse")


def _ask(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    who = args.get("n")
    if who is None:
        scene.say("act", "ask.alone", "There is nobody here to ask.", **args)
        return
    scene.focus(who)
    name = scene.view.person(who).name
    topic = "" if act.topic in SELVES else topic_name(scene, act.topic)
    if args.get("clause"):
        scene.say("act", "ask.clause", f"The player asks {name} {act.clause}.", **args)
    elif topic:
        scene.say("act", "ask.open", f"The player asks {name} about {act.topic}.", topic=topic, **args)
        scene.once("asked", f"{who}|{act.topic}", 60)
    else:
        scene.say("act", "ask.none", f"The player talks to {name}.", **args)
    answer(scene, who, act, asked=True)


def courtesy(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Greeting, thanking, apologising."""
    who = args.get("n")
    if who is None:
        scene.say("act", "courtesy.alone", f"The player, to nobody: {act.raw[:200]}", **args)
        return
    if act.speech:
        scene.say(
            "act", "say.quoted", f"The player says: “{act.speech}”", speech=act.speech[:LONGEST_QUOTE], **args
        )
    else:
        scene.say("act", act.intent, f"The player: {act.raw[:200]}", **args)
    scene.deed(who, act.intent, 0 if act.intent == "greet" else 1)
    scene.line("react", who, {"greet": "greet", "thank": "thanked", "apologise": "apology"}[act.intent])


def comfort(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Comfort, if it is wanted."""
    who = args.get("n")
    if who is None:
        scene.say("act", "other" if act.phrase else "empty", f"The player: {act.raw[:200]}", **args)
    elif scene.view.trust(who) < -1:
        scene.say("act", "comfort.refused", f"{scene.view.person(who).name} does not want it.", **args)
    else:
        scene.say("act", "comfort", f"The player comforts {scene.view.person(who).name}.", **args)
        scene.deed(who, "comfort", 1)
        scene.line("react", who, "comforted")


def insult(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Rudeness lands, and is remembered."""
    who = args.get("n")
    if who is None:
        scene.say("act", "insult.alone", "The player curses at nobody.", **args)
        return
    if act.speech:
        scene.say(
            "act",
            "say.rude",
            f"The player says: “{act.speech[:LONGEST_QUOTE]}”",
            speech=act.speech[:LONGEST_QUOTE],
            **args,
        )
    scene.say("act", "insult", f"The player is rude to {scene.view.person(who).name}.", **args)
    scene.deed(who, "insult", -2)
    scene.line("react", who, "insulted")


def attack(scene: Scene, act: Act, args: dict[str, Any], band: str) -> None:
    """A blow or a threat against somebody named and here."""
    who = act.target if act.target and scene.view.present(act.target) else None
    if who is None and act.intent == "threaten" and "n" in args:
        who = args["n"]
    if who is None:
        scene.say("act", "attack.none", "There is nobody there to fight.", **args)
        return
    name = scene.view.person(who).name
    args = {**args, "n": who}
    scene.say("act", f"{act.intent}.{band}", f"The player: {act.raw[:200]} ({band} against {name})", **args)
    if act.intent == "threaten":
        scene.deed(who, "threaten", -3)
        scene.line("react", who, "threatened")
        return
    scene.deed(who, "attack", -4)
    scene.tension(2)
    exits = [e for e in scene.view.spot().exits if e != scene.view.here]
    if band == "success" and exits:
        away = scene.roll("flee").choice(exits)
        scene.say("react", "npc.leave", f"{name} leaves.", n=who, to=away)
        scene.change(Moved(who=who, to=away))


def persuade(scene: Scene, act: Act, args: dict[str, Any], band: str) -> None:
    """An attempt to talk somebody round."""
    who = args.get("n")
    if who is None:
        scene.say("act", "ask.alone", "There is nobody here to persuade.", **args)
        return
    scene.say("act", f"persuade.{band}", f"The player: {act.raw[:200]} ({band})", **args)
    scene.line("react", who, "agree" if band == "success" else "refuse")
    scene.deed(who, "persuade", {"success": 1, "mixed": 0, "fail": -1}[band])
