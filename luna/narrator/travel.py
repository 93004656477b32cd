"""Going from place to place, and meeting who is there."""

from typing import Any

from luna.narrator.grammar import listing
from luna.narrator.parser import Act
from luna.narrator.scene import Scene
from luna.narrator.words import missing_args
from luna.turns.events import PLAYER, Moved, TimePassed

MINUTES_A_STEP = 6
OUT = frozenset(("outside", "out", "leave", "exit", "away"))


def go(scene: Scene, act: Act, args: dict[str, Any]) -> None:
    """The player sets out."""
    view = scene.view
    goal = destination(scene, act)
    if goal is None:
        if act.feature and not act.missing:
            from luna.narrator.things import examine

            examine(scene, act, args)
            return
        if act.target and not view.where(act.target):
            from luna.narrator.people import absent

            absent(scene, act)
            return
        exits = ways(scene)
        what = "There is no way there from here."
        miss = missing_args(scene, act).get("miss", "road")
        scene.say("act", "go.unknown" if exits else "go.nowhere", what, miss=miss, exits=exits, **args)
        return
    if goal == view.here:
        scene.say("act", "go.stay", f"The player is already at {view.spot().name}.", **args)
        return
    if not view.route(view.here, goal):
        scene.say(
            "act",
            "go.unknown",
            "There is no way there from here.",
            miss="such road",
            exits=ways(scene),
            **args,
        )
        return
    travel(scene, goal, args)


def ways(scene: Scene) -> str:
    """The names of the places one can go to from here."""
    return listing([scene.view.spot(e).name for e in scene.view.spot().exits])


def destination(scene: Scene, act: Act) -> str | None:
    """Where an act of going leads, or None."""
    view, said = scene.view, set(act.phrase)
    if act.place:
        return act.place
    if act.target:
        return view.where(act.target)
    if said & {"back"}:
        return scene.get("previous")
    if said & OUT and view.spot().exits:
        exits = view.spot().exits
        return next((e for e in exits if not view.spot(e).indoors), exits[0])
    exits = view.spot().exits
    if (
        len(exits) == 1
        and not act.missing
        and not act.feature
        and said <= {"go", "on", "leave", "walk", "move", "onward"}
    ):
        return exits[0]
    return None


def travel(scene: Scene, goal: str, args: dict[str, Any]) -> None:
    """The way there, the place, and the people in it."""
    view, start = scene.view, scene.view.here
    steps = len(view.route(start, goal))
    witness = args.get("n") if scene.roll("watch").random() < 0.6 else None
    slots = {k: v for k, v in args.items() if k != "n"} | ({"n": witness} if witness else {})
    scene.say(
        "act",
        "go.depart",
        f"The player goes to {view.spot(goal).name}.",
        **{**slots, "from": start, "place": goal},
    )
    _send_home(scene, start)
    scene.note("previous", start)
    scene.change(Moved(who=PLAYER, to=goal))
    scene.change(TimePassed(minutes=MINUTES_A_STEP * steps))
    arrive(scene, goal)


def _send_home(scene: Scene, place: str) -> None:
    """People who had come along go back to where they belong."""
    for who in scene.view.company():
        person = scene.view.person(who)
        home = person.schedule.get(scene.view.phase) or person.home
        if home and home != place and home in scene.view.index.spots:
            scene.change(Moved(who=who, to=home))


def arrive(scene: Scene, goal: str) -> None:
    """The place as one enters it, the first time or again."""
    visits = dict(scene.get("visited", {}))
    before = int(visits.get(goal, 0))
    fact = scene.spot_fact(goal)
    name = scene.view.spot(goal).name
    memory = _memory_of(scene, goal) if before else ""
    if not before and fact:
        named = fact.lower().startswith(name.lower())
        scene.say("arrive", "go.arrive.named" if named else "go.arrive.first", fact, fact=fact)
    elif memory:
        scene.say("arrive", "go.back", f"Here {memory}.", memory=memory)
        scene.say("arrive", "sense")
    else:
        scene.say("arrive", "go.arrive.again" if before else "go.arrive.plain", f"This is {name}.", fact=fact)
    visits[goal] = before + 1
    scene.note("visited", visits)
    for who in scene.view.company()[:2]:
        meet(scene, who, "arrive2")


def _memory_of(scene: Scene, place: str) -> str:
    if scene.number - int(scene.get("lastback", -9)) < 4:
        return ""
    listed = scene.listed("memory")
    for number in range(len(listed) - 1, -1, -1):
        text, turn, where, weight, used = listed[number]
        if where == place and scene.number - turn >= 3 and used < 1 and weight >= 2:
            listed[number] = [text, turn, where, weight, used + 1]
            scene.note("memory", listed)
            scene.note("lastback", scene.number)
            return str(text)
    return ""


def meet(scene: Scene, who: str, slot: str, key: str = "intro") -> None:
    """Somebody is here: introduced the first time, a glance later."""
    person = scene.view.person(who)
    if scene.once("met", who, 200):
        fact = scene.fact(who, person.facts)
        ending = "" if fact and person.role else ".plain"
        role = f", {person.role}" if person.role else ""
        scene.say(
            slot, key + ending, f"{person.full}{role} is here. {fact}", n=who, fact=fact, role=person.role
        )
    else:
        scene.say(slot, "here", f"{person.name} is here.", n=who)
    if scene.view.trust(who) <= -2:
        scene.say(slot, "cold", f"{person.name} is cold.", n=who)
    scene.note("focus", scene.get("focus") if scene.get("focus") in scene.view.company() else who)
