"""From an act to its consequence: what the world allows, what it costs, and how it is to be told."""

import re
from collections.abc import Callable
from typing import Any

from luna.narrator import people, things
from luna.narrator.grammar import listing, lower_first, parts_of_speech, verb_lemma, words_of
from luna.narrator.lexicon import STOP
from luna.narrator.parser import Act
from luna.narrator.scene import Scene
from luna.narrator.travel import go
from luna.narrator.words import doing, missing_args, tense_words
from luna.turns.events import TimePassed

Handler = Callable[[Scene, Act, dict[str, Any]], None]

MINUTES = {"wait": 15, "go": 0, "search": 12, "say": 2, "ask": 3, "muse": 1, "look": 3, "examine": 4}
"""How long an act takes; walking counts by the way."""
OTHERWISE = 5
SHOVES = frozenset(("push", "shove", "pull", "smash", "break", "press", "drag"))
SPEAKS_OF = frozenset(("ask", "say", "go", "think", "muse", "write"))


def resolve(scene: Scene, act: Act) -> None:
    """One act: its steps and its events."""
    scene.change(TimePassed(minutes=MINUTES.get(act.intent, OTHERWISE)))
    args = context(scene, act)
    if act.kind != "act":
        _unlike_an_act(scene, act, args)
        return
    _reconsider(scene, act)
    args = context(scene, act)
    if act.target and not scene.view.present(act.target) and act.intent not in SPEAKS_OF:
        people.absent(scene, act)
        return
    if act.target and scene.view.present(act.target):
        scene.focus(act.target)
    if act.obj:
        scene.note("object", act.obj)
    if act.rude and act.intent in ("say", "ask", "insult", "other"):
        people.insult(scene, act, args)
        return
    HANDLERS.get(act.intent, other)(scene, act, args)


def context(scene: Scene, act: Act) -> dict[str, Any]:
    """What every phrase about an act may need: the person in question, the deed, the manner."""
    args: dict[str, Any] = {}
    company = scene.view.company()
    if act.target and scene.view.present(act.target):
        args["n"] = act.target
    elif company:
        focus = scene.get("focus")
        args["n"] = focus if focus in company else company[0]
    if act.phrase:
        args["vp"] = doing(scene, act)
    if act.manner:
        args["manner"] = act.manner
    return args


def seen(args: dict[str, Any]) -> str:
    """The ending of keys that are told with somebody looking on."""
    return ".seen" if "n" in args else ""


def _unlike_an_act(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    match act.kind:
        case "foreign" | "nonsense":
            scene.say(
                "act", act.kind + seen(args), "The player says something nobody here understands.", **args
            )
            if "n" in args:
                scene.line("react", args["n"], "puzzled")
        case "hint":
            scene.say("act", "hint", "The player takes stock of what is still open.", hint=True, **args)
        case "inventory":
            names = [lower_first(scene.view.thing(i).name) for i in scene.view.carried()]
            key = "inventory" if names else "inventory.none"
            what = f"The player carries {listing(names)}." if names else "The player carries nothing."
            scene.say("act", key, what, carried=listing(names), **args)
        case "absurd":
            _absurd(scene, act, args)
        case _:
            what = "Nothing is done." if act.kind == "empty" else "A voice speaks to nobody; nothing answers."
            scene.say("act", act.kind, what, **args)


def _absurd(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    what = f"The player tries the impossible ({act.raw[:120]}); the world does not oblige."
    if act.missing and "n" in args and scene.roll("absurd").random() < 0.5:
        scene.say("act", "absurd.seen", what, miss=act.missing, **args)
    elif act.missing and act.intent != "magic":
        scene.say("act", "absurd", what, miss=act.missing, **args)
    else:
        scene.say("act", "absurd.magic", what, **args)


def _reconsider(scene: Scene, act: Act) -> None:
    """What an act really is, given what is here."""
    view = scene.view
    present = act.target if act.target and view.present(act.target) else None
    if act.obj and not view.reachable(act.obj) and act.intent not in SPEAKS_OF:
        act.missing = re.sub(r"^the ", "", view.thing(act.obj).name)
        act.obj = None
    if act.intent == "attack" and not act.target and act.missing:
        act.intent = "other"
    if act.intent == "attack" and not act.target and (act.obj or act.feature):
        act.intent = "use" if act.obj else "force"
    shoved = act.verb in SHOVES
    if act.intent in ("use", "force") and present and not act.obj and (shoved or not act.feature):
        act.intent = "attack" if shoved else "other"
    returning = act.phrase[:1] and act.phrase[0] in ("return", "visit")
    if act.place and act.place != view.here and returning:
        act.intent = "go"
    if act.intent == "search" and not (act.obj or act.feature or present):
        act.missing = ""


def muse(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """A thought, said to nobody."""
    scene.say("act", "muse" + seen(args), "The player keeps a thought to themself.", **args)


def silence(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Saying nothing, on purpose."""
    scene.say("act", "quiet.with" if "n" in args else "quiet", "The player keeps silent.", **args)


def wait(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Time is let pass; or one listens, or smells."""
    scene.say("act", act.intent, f"The player takes time to {act.intent}.", **args)


def think(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Going over what happened."""
    memory = recall(scene)
    if memory:
        key = "think" if scene.view.question() else "think.done"
        scene.say("act", key, f"The player goes back over it: {memory}.", memory=memory, **args)
    else:
        key = "think.none" if scene.view.question() else "think.done"
        scene.say("act", key, "The player goes back over what is known.", **args)


def recall(scene: Scene) -> str:
    """A memory of at least two turns ago, the weightiest of the least used; "" when there is none."""
    listed = scene.listed("memory")
    ready = [(m[4], -m[3], -m[1], n) for n, m in enumerate(listed) if scene.number - m[1] >= 2 and m[4] < 2]
    if not ready:
        return ""
    number = min(ready)[3]
    text, turn, place, weight, used = listed[number]
    listed[number] = [text, turn, place, weight, used + 1]
    scene.note("memory", listed)
    return str(text)


def write(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Writing, singing, and other things one does with what one has."""
    if not act.phrase:
        other(scene, act, args)
        return
    scene.say("act", "write", f"The player writes: {act.raw[:200]}", **args)


def perform(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Something done to be heard or seen."""
    if act.missing and not scene.view.known_noun(act.missing):
        scene.say("act", "other.nothing" + seen(args), _tries(act), miss=act.missing, **args)
    elif act.phrase:
        scene.say("act", "perform" + seen(args), _tries(act), **args)
    else:
        other(scene, act, args)


def sneak(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Moving unseen. Nobody here to see it makes it easier."""
    band = roll(scene, act, 0.6)
    if band == "fail" and "n" not in args:
        band = "mixed"
    if not act.phrase:
        other(scene, act, args)
        return
    scene.say("act", f"sneak.{band}", f"The player tries to go unseen ({band}).", **args)


def roll(scene: Scene, act: Act, chance: float, who: str | None = None) -> str:
    """success, mixed or fail: a risky act against trust and manner."""
    chance += 0.06 * scene.view.trust(who) if who else 0
    if act.manner in ("carefully", "quietly", "slowly", "gently", "patiently", "softly"):
        chance += 0.12
    if act.manner in ("quickly", "wildly", "angrily"):
        chance -= 0.1
    drawn = scene.roll("risk", act.intent, len(scene.steps)).random()
    return "success" if drawn < chance * 0.75 else "mixed" if drawn < chance * 0.75 + 0.3 else "fail"


def other(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Anything else: done if it can be done with what is here."""
    if act.missing and not scene.view.known_noun(act.missing) and act.phrase:
        scene.say("act", "other.nothing" + seen(args), _tries(act), miss=act.missing, **args)
    elif act.phrase:
        scene.say("act", "other" + seen(args), _tries(act), **args)
    elif len(words_of(act.raw)) > 3:
        scene.say(
            "act",
            "muddle" + seen(args),
            f"The player goes on at length: {act.raw[:200]}",
            gist=gist(scene, act.raw),
            **args,
        )
    else:
        scene.say("act", "empty", "Nothing much is done.", **args)


def _tries(act: Act) -> str:
    return f"The player does this: {act.raw[:200]}."


def gist(scene: Scene, raw: str) -> str:
    """The nouns of a long speech that the world knows."""
    nouns = [
        w
        for w in words_of(raw)
        if len(w) > 3
        and w not in STOP
        and "NOUN" in parts_of_speech(w)
        and "ADJ" not in parts_of_speech(w)
        and not verb_lemma(w)
    ]
    known = [w for w in dict.fromkeys(nouns) if scene.view.known_noun(w)][:3]
    return listing([f"the {w}" for w in known]) or "a good deal"


def talk(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Speech to somebody, or to nobody."""
    args["clause"] = tense_words(act.clause) if act.clause else ""
    args["gist"] = gist(scene, act.raw) if act.long else ""
    people.talk(scene, act, args)


def force(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Breaking things, which never quite breaks the story."""
    if not (act.obj or act.feature):
        scene.say(
            "act",
            "missing",
            f"There is no {act.missing or 'such thing'} here.",
            **missing_args(scene, act),
            **args,
        )
        return
    band = roll(scene, act, 0.5)
    scene.say("act", f"force.{band}" if act.phrase else "force.mixed", f"{_tries(act)} ({band})", **args)
    if act.feature and band != "fail" and (fact := scene.spot_fact()):
        scene.text("act", fact)
    if "n" in args:
        scene.deed(args["n"], "break", -1)
        scene.line("react", args["n"], "vandal")


def attack(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Violence or the threat of it; never lethal by chance."""
    people.attack(scene, act, args, roll(scene, act, 0.4 if act.intent == "attack" else 0.45, args.get("n")))


def persuade(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Talking somebody round."""
    people.persuade(scene, act, args, roll(scene, act, 0.5, args.get("n")))


HANDLERS: dict[str, Handler] = {
    "go": go,
    "look": things.look,
    "search": things.examine,
    "examine": things.examine,
    "read": things.examine,
    "take": things.take,
    "drop": things.drop,
    "give": things.give,
    "show": things.give,
    "throw": things.throw,
    "stow": things.stow,
    "open": things.open_up,
    "use": things.use,
    "light": things.use,
    "touch": things.touch,
    "eat": things.eat,
    "wait": wait,
    "listen": wait,
    "smell": wait,
    "think": think,
    "muse": muse,
    "silence": silence,
    "write": write,
    "perform": perform,
    "sneak": sneak,
    "force": force,
    "attack": attack,
    "threaten": attack,
    "persuade": persuade,
    "ask": talk,
    "say": talk,
    "greet": people.courtesy,
    "thank": people.courtesy,
    "apologise": people.courtesy,
    "comfort": people.comfort,
    "insult": people.insult,
}
