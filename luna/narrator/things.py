"""Acts upon things and places: looking, taking, giving, using."""

from typing import Any

from luna.narrator.grammar import article, lower_first, noun_lemma, words_of
from luna.narrator.index import unmarked
from luna.narrator.parser import Act
from luna.narrator.scene import Scene
from luna.narrator.words import missing_args
from luna.turns.events import PLAYER, Dropped, Gave, Took

LIGHTS = frozenset(["lantern", "lamp", "torch", "candle", "match", "flashlight"])
FOOD = frozenset(
    [
        "bread",
        "soup",
        "stew",
        "apple",
        "cheese",
        "pie",
        "meat",
        "fish",
        "fruit",
        "cake",
        "tea",
        "wine",
        "ale",
        "beer",
        "noodles",
        "berry",
        "berries",
        "honey",
        "water",
    ]
)


def _seen(args: dict[str, Any]) -> str:
    return ".seen" if "n" in args else ""


def lacking(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """What is wanted is not here; the world says what is."""
    slots = missing_args(scene, act)
    scene.say("act", "missing", f"There is no {act.missing or 'such thing'} here.", **slots, **args)


def look(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Taking in the place."""
    fact = scene.spot_fact()
    key = ("act.search" if act.intent == "search" else "act.look") + ("" if fact else ".spent")
    place = scene.view.spot().name
    scene.say("act", key, f"The player looks around {place}. {fact}", fact=fact, **args)
    for item in scene.view.lying():
        if scene.once("shown", item, 120):
            scene.say(
                "act",
                "within",
                f"Within reach: {scene.view.thing(item).name}.",
                thing=article(scene.view.thing(item).name),
                **args,
            )
            break


def examine(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """A closer look at a person, a thing, or something named in passing."""
    present = act.target if act.target and scene.view.present(act.target) else None
    if present and not act.obj:
        _examine_person(scene, present, args)
    elif act.obj:
        _examine_thing(scene, act, act.obj, args)
    elif act.feature:
        _examine_feature(scene, act.feature, args)
    elif act.missing and act.place != scene.view.here:
        if not _glimpse(scene, act.missing, args):
            lacking(scene, act, args)
    else:
        look(scene, act, args)


def _glimpse(scene: Scene, word: str, args: dict[str, Any]) -> bool:
    """Something that the descriptions here speak of, though it is no thing of its own: what they say of it."""
    view = scene.view
    near = [(view.here, view.spot().facts)]
    near += [(i, view.thing(i).facts) for i in (*view.lying(), *view.carried())]
    near += [(w, view.person(w).facts) for w in view.company()]
    wanted = noun_lemma(word)
    seen = False
    for entity, facts in near:
        for number, fact in enumerate(facts):
            if wanted not in {noun_lemma(w) for w in words_of(unmarked(fact))}:
                continue
            seen = True
            if not view.told(entity, number):
                fact = scene.fact(entity, facts, number)
                phrase = f"the {word}"
                scene.say(
                    "act", "act.examine.feature", f"The player looks at {phrase}. {fact}", feat=phrase, obj={"noun": phrase}, fact=fact, **args
                )  # fmt: skip
                return True
    if seen:
        scene.say(
            "act",
            "act.examine.spent",
            f"The player looks at the {word} again.",
            obj={"noun": f"the {word}"},
            **args,
        )
    return seen


def _examine_person(scene: Scene, who: str, args: dict[str, Any]) -> None:
    person = scene.view.person(who)
    fact = scene.fact(who, person.facts)
    what = f"The player takes a close look at {person.name}. {fact}"
    scene.say("act", "act.examine.char" if fact else "here", what, fact=fact, **{**args, "n": who})
    if not fact:
        scene.line("react", who, "idle")


def _examine_thing(scene: Scene, act: Act, item: str, args: dict[str, Any]) -> None:
    thing = scene.view.thing(item)
    fact = scene.fact(item, thing.facts)
    key = ("act.read" if act.intent == "read" else "act.examine") if fact else "act.examine.spent"
    scene.say("act", key, f"The player examines {thing.name}. {fact}", obj=item, fact=fact, **args)


def _examine_feature(scene: Scene, feature: str, args: dict[str, Any]) -> None:
    spot = scene.view.spot()
    found = spot.features[feature]
    phrase = "the " + found.phrase
    new = scene.once(f"seen:{spot.id}", feature, 30)
    fact = scene.fact(spot.id, spot.facts, found.fact)
    again = "act.examine.feature.again" if new else "act.examine.spent"
    key = "act.examine.feature" if fact else again
    what = f"The player looks closely at {phrase}. {fact}"
    scene.say("act", key, what, feat=phrase, obj={"noun": phrase}, fact=fact, **args)


def take(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Taking a thing that lies here, or asking for one that somebody holds."""
    item = act.obj
    if item is None:
        if not act.missing and not act.feature:
            scene.say(
                "act",
                "other" + _seen(args) if act.phrase else "empty",
                f"The player: {act.raw[:200]}",
                **args,
            )
        elif act.feature:
            phrase = "the " + scene.view.spot().features[act.feature].phrase
            scene.say("act", "act.take.fixed", f"{phrase} cannot be taken.", obj={"noun": phrase}, **args)
        else:
            lacking(scene, act, args)
        return
    thing = scene.view.thing(item)
    holder = scene.view.holder(item)
    if holder == PLAYER:
        scene.say("act", "act.take.have", f"The player already has {thing.name}.", obj=item, **args)
    elif thing.fixed:
        scene.say("act", "act.take.fixed", f"{thing.name} cannot be moved.", obj=item, **args)
    elif holder and scene.view.trust(holder) < 2:
        scene.focus(holder)
        scene.say(
            "act",
            "persuade.fail",
            f"{scene.view.person(holder).name} keeps {thing.name}.",
            **{**args, "n": holder},
        )
        scene.line("react", holder, "refuse")
    else:
        _taken(scene, item, holder, args)


def _taken(scene: Scene, item: str, holder: str | None, args: dict[str, Any]) -> None:
    name = scene.view.thing(item).name
    watched = "n" in args and scene.roll("seen").random() < 0.6
    scene.once("shown", item, 120)
    scene.say(
        "act",
        "act.take.seen" if watched else "act.take.success",
        f"The player takes {name}.",
        obj=item,
        **args,
    )
    scene.change(Gave(who=holder, item=item, to=PLAYER) if holder else Took(who=PLAYER, item=item))
    if "n" in args and not holder:
        scene.deed(args["n"], "take")


def drop(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Leaving a thing here."""
    if act.obj and scene.view.has(act.obj):
        scene.say(
            "act",
            "act.drop",
            f"The player leaves {scene.view.thing(act.obj).name} here.",
            obj=act.obj,
            **args,
        )
        scene.change(Dropped(who=PLAYER, item=act.obj, at=scene.view.here))
    elif act.missing or act.obj:
        lacking(scene, act, args)
    else:
        scene.say(
            "act", "other" + _seen(args) if act.phrase else "empty", f"The player: {act.raw[:200]}", **args
        )


def give(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Giving or showing a thing to somebody here."""
    who = args.get("n")
    if who is None:
        scene.say("act", "ask.alone" if act.obj else "other", "There is nobody here to give it to.", **args)
        return
    if not act.obj and not act.missing and "hand" in words_of(act.raw):
        scene.say("act", "other.seen", f"The player offers {scene.view.person(who).name} a hand.", **args)
        scene.deed(who, "comfort", 1)
        return
    if not act.obj or not scene.view.has(act.obj):
        lacking(scene, act, args)
        return
    name = scene.view.thing(act.obj).name
    scene.focus(who)
    verb = "gives" if act.intent == "give" else "shows"
    scene.say(
        "act",
        f"act.{act.intent}",
        f"The player {verb} {scene.view.person(who).name} {name}.",
        obj=act.obj,
        **args,
    )
    if act.intent == "give":
        scene.change(Gave(who=PLAYER, item=act.obj, to=who))
        scene.deed(who, "give", 1)
        scene.line("react", who, "gift")
    else:
        act.topic = name
        scene.once("showed", f"{who}|{act.obj}", 60)
        scene.line("react", who, "noted")


def throw(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Throwing a thing one holds."""
    if not act.obj or not scene.view.has(act.obj):
        lacking(scene, act, args)
        return
    at = act.target if act.target and scene.view.present(act.target) else None
    key = "act.throw.at" if at else "act.throw"
    scene.say("act", key, f"The player throws {scene.view.thing(act.obj).name}.", obj=act.obj, **args)
    scene.change(Dropped(who=PLAYER, item=act.obj, at=scene.view.here))
    if at:
        scene.deed(at, "attack", -2)
        scene.line("react", at, "insulted")


def stow(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Putting a thing away."""
    if act.obj and scene.view.has(act.obj):
        scene.say(
            "act", "act.stow", f"The player puts {scene.view.thing(act.obj).name} away.", obj=act.obj, **args
        )
    elif act.missing:
        lacking(scene, act, args)
    else:
        scene.say("act", "other" + _seen(args), f"The player: {act.raw[:200]}", **args)


def open_up(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Opening something that is here."""
    if not (act.feature or act.obj):
        if act.missing:
            lacking(scene, act, args)
        else:
            scene.say("act", "act.open.fail", "It does not open.", **args)
        return
    if act.feature:
        fact, obj = scene.spot_fact(), {"noun": "the " + scene.view.spot().features[act.feature].phrase}
    else:
        fact, obj = scene.fact(str(act.obj), scene.view.thing(str(act.obj)).facts), act.obj
    scene.say(
        "act",
        "act.open" if fact else "act.open.plain",
        f"The player opens it. {fact}",
        fact=fact,
        obj=obj,
        **args,
    )


def use(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Using a thing, or lighting it."""
    if not act.obj:
        if act.missing and not act.feature:
            lacking(scene, act, args)
        else:
            scene.say(
                "act",
                "other" + _seen(args) if act.phrase else "empty",
                f"The player: {act.raw[:200]}",
                **args,
            )
        return
    light = LIGHTS & {w for name in scene.view.thing(act.obj).names for w in name.split()}
    if light and act.intent in ("use", "light"):
        key = "act.light"
    else:
        key = "act.use.idle" if scene.view.has(act.obj) else "act.use.there"
    scene.say("act", key, f"The player uses {scene.view.thing(act.obj).name}.", obj=act.obj, **args)


def touch(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Feeling a thing."""
    if act.target and not act.obj:
        scene.say("act", "other" + _seen(args), f"The player: {act.raw[:200]}", **args)
        return
    if act.obj:
        obj: Any = act.obj
    elif act.feature:
        obj = {"noun": "the " + scene.view.spot().features[act.feature].phrase}
    elif act.missing and scene.view.known_noun(act.missing):
        obj = {"noun": "the " + act.missing}
    else:
        lacking(scene, act, args) if act.missing else scene.say("act", "empty", "", **args)
        return
    scene.say("act", "touch", "The player lays a hand on it.", obj=obj, **args)


def eat(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """Eating and drinking; most things are not food."""
    names = {w for name in scene.view.thing(act.obj).names for w in name.split()} if act.obj else set[str]()
    if act.obj and not names & FOOD:
        scene.say("act", "eat.inedible", f"{scene.view.thing(act.obj).name} is no food.", obj=act.obj, **args)
    elif act.feature and act.feature not in FOOD:
        phrase = lower_first("the " + scene.view.spot().features[act.feature].phrase)
        scene.say("act", "eat.inedible", f"{phrase} is no food.", obj={"noun": phrase}, **args)
    elif act.missing and not scene.view.known_noun(act.missing):
        lacking(scene, act, args)
    elif act.phrase:
        scene.say("act", "eat", f"The player: {act.raw[:200]}", **args)
    else:
        scene.say("act", "empty", "", **args)
