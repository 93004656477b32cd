"""From moves to sentences: choosing among the phrases, filling their slots, putting words into mouths."""

import random
import re
from typing import Any, cast

from luna.narrator.address import PLAIN
from luna.narrator.curve import is_over, phase_at
from luna.narrator.grammar import capital, comma, lower_first, sentences
from luna.narrator.history import History
from luna.narrator.index import Index
from luna.narrator.phrases import Fact, Phrase, holds, lines_for, phrases, tone_named, variants_of
from luna.narrator.realiser import Doing, Noun, Realiser, Value, Values, Verbatim, is_plural
from luna.narrator.view import TELLER, View
from luna.narrator.voice import KIN
from luna.turns.events import WorldState
from luna.turns.types import Move, Situation

CONTENT = frozenset(
    [
        "fact",
        "n",
        "habit",
        "habit_cap",
        "memory",
        "memory_cap",
        "lead",
        "role",
        "obj",
        "topic",
        "topic_cap",
        "miss",
        "vp",
        "speech",
        "speech_c",
        "feat",
        "feat_cap",
        "clause",
        "carried",
        "exits",
        "gist",
        "instead",
        "instead_cap",
        "from",
        "to",
        "thing",
        "weather",
        "question",
        "question_cap",
        "line",
        "line_c",
        "qb",
        "q",
    ]
)
"""Slots that a variant needs filled; a variant with an empty one is passed over."""
CARRIERS = frozenset(("sense", "sense_l", "fact", "q", "qb", "speech", "speech_c"))
CARRIED = re.compile(r"\{(?:" + "|".join(sorted(CARRIERS)) + r")\}")
TRIED = 12
DISPENSABLE = frozenset(["sense", "quiet", "hook", "phase", "wline", "lore", "wordless", "cold"])
"""Keys that are passed over rather than told in words said before."""
COLOURED = 2.0
"""How much a variant of the story's tone or genre is preferred while it is fresh."""
FIRST_VOICE = 0.7
"""How often somebody speaks in their first register rather than in the one mixed into it."""
HOURS = {
    "evening": "in the evening",
    "night": "at this hour",
    "small hours": "so late",
    "morning": "in the morning",
}


class Teller:
    """Tells one turn. `state` is the world after the turn's events; moves say where they happen."""

    def __init__(self, index: Index, situation: Situation, state: WorldState) -> None:
        style = situation.style
        self.index = index
        self.dice = situation.dice
        self.view = View(index, state)
        self.tone = tone_named(style.tone if style.tone != "plain" else index.world.tone)
        player = index.world.player
        name = "the stranger" if player.name.strip().lower() in ("", "you") else player.name
        if name != "the stranger":
            name = name.split()[0] if len(name) > 24 or name.split()[0].istitle() else name
        self.r = Realiser(style.person, style.tense == "past", name, player.pronouns)
        self.history = History(situation.state.notes.get(TELLER, {}), situation.number)
        self.own = index.phrases
        self.at = self.view.here
        self.drawn = 0

    def rng(self, *purpose: str | int) -> random.Random:
        """A stream of its own for each choice, numbered within the turn."""
        self.drawn += 1
        return self.dice.stream("telling", self.drawn, *purpose)

    # -- one move
    def tell(self, move: Move) -> str:
        """The sentences of one move; "" when there is nothing to say."""
        args = move.args
        self.at = str(args.get("at") or self.at)
        match move.kind:
            case "phrase" if move.key == "sense":
                return self.sense()
            case "phrase":
                return self.pick(move.key, self.values(args))
            case "text":
                return self.text(args)
            case "line":
                return self.line(str(args["n"]), move.key, args)
            case "quote":
                return self.quote(str(args["n"]), str(args["line"]))
            case "told":
                return self.told(move.key, args)
            case _:
                return ""

    def text(self, args: dict[str, Any]) -> str:
        """The world's own sentence, after an echo of the deed that brought it."""
        text = self.world_text(str(args["text"]), self.values(args))
        echo = self.echo([Doing(str(v), str(rest)) for v, rest in args.get("leads", [])])
        if echo and set(echo.lower().split()[:3]) <= set(text.lower().split()[:6]):
            return text
        return f"{echo} {text}".strip()

    def echo(self, deeds: list[Doing]) -> str:
        """ "You strike the iron and listen to it." """
        if not deeds:
            return ""
        template = "{you} {vp}" + "".join(f" and {{vp{n}}}" for n in range(1, len(deeds))) + "."
        values: dict[str, Value] = {f"vp{n or ''}": deed for n, deed in enumerate(deeds)}
        return self.r.render(template, values, self.rng("echo"))

    def told(self, key: str, args: dict[str, Any]) -> str:
        """Somebody tells what moves the plot."""
        who = str(args["n"])
        line = str(args["line"])
        if args.get("own"):
            line = self.spoken_line("tell", who, {"line": line})
        values = dict(self.values(args))
        values["qb"] = Verbatim(f"“{self.addressed(who, line)}”")
        values["q"] = Verbatim(self.quote(who, line))
        return self.pick(key, values)

    # -- slots
    def values(self, args: dict[str, Any]) -> dict[str, Value]:
        """The slots of a move's arguments, and those every phrase may use."""
        out = self.always()
        for key, value in args.items():
            if value in ("", None) or key in ("at", "slot", "leads"):
                continue
            out.update(self.slot(key, value))
        if "n" in args:
            habit = self.habit(str(args["n"]))
            out.update(habit=habit, habit_cap=capital(habit))
        if args.get("hint"):
            out["lead"] = self.lead()
        return out

    def always(self) -> dict[str, Value]:
        """Place, hour and open question."""
        spot = self.view.spot(self.at)
        noun = self.view.spot_noun(self.at)
        question = self.view.question()
        out: dict[str, Value] = {
            "place": noun,
            "place_cap": Noun(capital(noun.name), plural=noun.plural, proper=True),
            "in_place": f"{spot.preposition} {noun.name}",
            "In_place": capital(f"{spot.preposition} {noun.name}"),
            "time": HOURS.get(self.view.phase, "at this time of day"),
            "time_cap": capital(self.view.phase),
            "it": "it",
            "mannerc": "",
            "mood": "careful",
        }
        if question:
            question = self.world_text(question, {})
            out.update(question=lower_first(question).rstrip("?"), question_cap=capital(question).rstrip("?"))
        return out

    def slot(self, key: str, value: Any) -> dict[str, Value]:
        """One argument as slots."""
        match key:
            case "n":
                return {"n": self.view.noun(str(value))}
            case "who":
                return {"who": self.view.person(str(value)).name}
            case "obj":
                return {"obj": self._thing(value)}
            case "from" | "to" | "place":
                noun = self.view.spot_noun(str(value))
                return {key: noun, f"{key}_cap": Noun(capital(noun.name), plural=noun.plural, proper=True)}
            case "vp":
                return {"vp": Doing(str(value[0]), str(value[1]))}
            case "speech":
                return self.speech(str(value))
            case "manner":
                return {"mannerc": f", {value}"}
            case "feat":
                return self.feature(str(value))
            case "line":
                return {"line": Verbatim(str(value)), "line_c": Verbatim(comma(str(value)))}
            case "fact":
                return {"fact": Verbatim(self.world_text(str(value), {}))}
            case _:
                text = str(value)
                text = self.inner(text) if "{" in text else text
                small = key == "memory" and not any(
                    text.startswith((p.name, p.full)) for p in self.index.people.values()
                )
                return {key: lower_first(text) if small else text, f"{key}_cap": capital(text)}

    def feature(self, phrase: str) -> dict[str, Value]:
        """Something named in passing, as a noun."""
        plural = is_plural(phrase.rsplit(" ", 1)[-1])
        return {
            "feat": Noun(phrase, plural=plural),
            "feat_cap": Noun(capital(phrase), plural=plural, proper=True),
        }

    def _thing(self, value: Any) -> Noun:
        """An item by id, or something that is only a phrase."""
        if isinstance(value, dict):
            phrase = str(cast(dict[str, Any], value)["noun"])
            return Noun(phrase, plural=is_plural(phrase.rsplit(" ", 1)[-1]))
        return self.view.thing_noun(str(value))

    def speech(self, words: str) -> dict[str, Value]:
        """The player's exact words, closed by a stop or by a comma."""
        words = capital(words.strip()).rstrip(".,;: ")
        closed = words[-1:] in ("!", "?", "…")
        return {
            "speech": Verbatim(words if closed else words + "."),
            "speech_c": Verbatim(words if closed else words + ","),
        }

    def world_text(self, text: str, values: Values) -> str:
        """A sentence of the world in the narration's person and tense."""
        if text.startswith(PLAIN):
            parts = re.split(r"(\{[^{}]*\})", text.removeprefix(PLAIN))
            text = "".join(part if n % 2 else self.r.plain(part) for n, part in enumerate(parts))
        elif "{" not in text:
            return self.r.plain(text)
        return self.r.render(text, {**self.always(), **values} if values else {}, self.rng("text"))

    def inner(self, text: str) -> str:
        """Part of a sentence with slots, its first letter as it was."""
        done = self.r.render(text, self.always(), self.rng("inner"))
        return lower_first(done) if text[:1].islower() else done

    def sense(self) -> str:
        """One thing that can be perceived here: the place's own while there are any, else a general one."""
        spot = self.view.spot(self.at)
        left = [n for n in range(len(spot.senses)) if not self.history.sense_told(spot.id, n)]
        if left:
            number = self.rng("sense").choice(left)
            self.history.tell_sense(spot.id, number)
            return (
                self.r.plain(spot.senses[number])
                if "{" not in spot.senses[number]
                else self.r.render(spot.senses[number], {"his_x": "his"}, self.rng("sense"))
            )
        features = [f.phrase for f in spot.features.values()]
        values = self.always()
        if features:
            values.update(self.feature("the " + self.rng("feature").choice(features)))
        return self.pick("sense.generic", values)

    # -- choosing
    def facts(self) -> dict[str, Fact]:
        """What conditions of phrases may ask."""
        spot = self.view.spot(self.at)
        return {
            "tone": self.tone,
            "genre": tone_named(self.index.world.genre),
            "tension": int(self.view.note("tension", 1)),
            "phase": self.view.phase,
            "story": phase_at(self.view),
            "over": is_over(self.view),
            "weather": self.view.state.weather or "",
            "indoors": spot.indoors,
            "alone": not self.view.company(),
            "plural": spot.plural,
        }

    def pick(self, key: str, values: Values) -> str:
        """The least worn, least echoing variant of a key that the slots allow, as text; "" without one."""
        facts, rng = self.facts(), self.rng(key)
        scored: list[tuple[float, int, Phrase]] = []
        for number, phrase in enumerate(variants_of(key, self.own)):
            if not holds(phrase.condition, facts) or any(s not in values for s in phrase.slots() & CONTENT):
                continue
            plain = phrase.text in ("{q}", "{fact}", "{sense}")
            wear = 0 if plain else self.history.score(phrase.mark, phrase.opening)
            bonus = 1 if phrase.condition else 0
            coloured = COLOURED if "tone" in phrase.condition or "genre" in phrase.condition else 0
            scored.append((rng.random() * 1.6 + bonus + coloured - wear, number, phrase))
        if not scored:
            return ""
        scored.sort(key=lambda s: (-s[0], s[1]))
        chosen = self._freshest([s[2] for s in scored[:TRIED]], values)
        if chosen is None:
            if key.split(".")[0] in DISPENSABLE:
                return ""
            chosen = scored[0][2]
        self.history.used(chosen.mark, chosen.opening)
        filled = dict(values)
        if chosen.slots() & {"sense", "sense_l"}:
            sensed = self.sense()
            filled.update(sense=Verbatim(sensed), sense_l=Verbatim(lower_first(sensed)))
        return self.r.render(chosen.text, filled, rng)

    def _freshest(self, phrases: list[Phrase], values: Values) -> Phrase | None:
        """The first phrase that renders no sentence said lately, or None."""
        for phrase in phrases:
            kept = (self.r.last, self.r.named, self.r.player_subject)
            bare = CARRIED.sub("", phrase.text)
            text = self.r.render(bare, values, random.Random(1)) if bare.strip() else ""
            self.r.last, self.r.named, self.r.player_subject = kept
            if self.history.fresh(text):
                return phrase
        return None

    # -- people
    def line(self, who: str, act: str, args: dict[str, Any]) -> str:
        """A line of somebody's register; when their lines for it are used up they answer without words."""
        values = {k: str(v) for k, v in args.items() if k in ("line", "who")}
        if "who" in values:
            values["who"] = self.view.person(values["who"]).name
        if act not in ("tell", "refuse"):
            unused = [p for p in self.bank(act, who) if not self.history.wear(p.mark)]
            if not unused:
                return self.pick("wordless", self.values({"n": who}))
        return self.quote(who, self.spoken_line(act, who, values))

    def registers(self, who: str) -> tuple[str, str]:
        """The registers of somebody in the order they are tried for the next line: mostly the first one first."""
        person = self.view.person(who)
        both = (person.register, person.second)
        return both if self.rng("register", who).random() < FIRST_VOICE else (both[1], both[0])

    def bank(self, act: str, who: str) -> list[Phrase]:
        """The lines somebody has for a speech act, by register and by what they are."""
        person = self.view.person(who)
        known = f"{person.role} {' '.join(person.facts[:2])}".lower()
        facts: dict[str, Fact] = {
            **self.facts(),
            "trusted": self.view.trust(who) >= 2,
            "hostile": self.view.trust(who) <= -2,
            "host": bool(
                re.search(r"\b(inn|innkeeper|keeper|landlady|landlord|cook|barkeep|barmaid|host)\b", known)
            ),
            "child": bool(re.search(r"\b(boy|girl|child|kid|urchin|eleven|twelve|thirteen)\b", known)),
        }
        for register in self.registers(who):
            fitting = [p for p in lines_for(act, register) if holds(p.condition, facts)]
            if any(not self.history.wear(p.mark) for p in fitting):
                return fitting
        return [p for p in lines_for(act, person.register) if holds(p.condition, facts)]

    def spoken_line(self, act: str, who: str, values: dict[str, str]) -> str:
        """The least used line of a speech act in somebody's register."""
        bank = self.bank(act, who)
        if not bank:
            return values.get("line", "…")
        rng = self.rng(act, who)
        chosen = min(bank, key=lambda p: (self.history.wear(p.mark), rng.random()))
        self.history.used(chosen.mark)
        text = chosen.text
        for key, value in values.items():
            text = text.replace(f"{{{key}_cap}}", capital(value)).replace(f"{{{key}}}", value)
        return text

    def addressed(self, who: str, line: str) -> str:
        """A line with the speaker's way of calling people, or without one."""
        word = self.view.person(who).address
        line = line.replace(", {a}", f", {word}" if word else "").replace(
            "{a}. ", f"{capital(word)}. " if word else ""
        )
        line = line.replace("{a}", word or "you").strip().strip('“”"')
        line = re.sub(r"^Oh, ?you\. ", "", line)
        return capital(re.sub(r"\s+", " ", line))

    def quote(self, who: str, line: str) -> str:
        """Words in somebody's mouth, with a tag, a gesture or a habit beside them."""
        line = self.addressed(who, line)
        parts = sentences(line)
        rng = self.rng("quote", who)
        choices = ["after", "biz", "hab"]
        if len(parts) > 1 and len(parts[0].split()) < 14:
            choices = ["mid", *choices]
        verb = "ask" if line.endswith("?") and len(parts) == 1 else "say"
        values: dict[str, Value] = {"n": self.view.noun(who), "s": Verbatim(comma(line))}
        match rng.choice(choices):
            case "mid":
                values.update(s=Verbatim(comma(parts[0])), rest=Verbatim(" ".join(parts[1:])))
                return self.r.render(f"“{{s}}” {{n}} {{{verb}}}. “{{rest}}”", values, rng)
            case "hab" if self.view.person(who).habits and self.at_home(who):
                values.update(h=self.habit(who), s=Verbatim(line))
                return self.r.render("{n} {be} {h}. “{s}”", values, rng)
            case "biz":
                gesture = self.pick(self.banked("biz", who), values)
                return f"{gesture}. “{line}”"
            case _:
                return self.r.render(f"“{{s}}” {{n}} {{{verb}}}.", values, rng)

    def banked(self, key: str, who: str) -> str:
        """A key for somebody's register, or for one near to it that the packs have."""
        person = self.view.person(who)
        tried = (*self.registers(who), KIN[person.register], "curt")
        return next((f"{key}.{r}" for r in tried if f"{key}.{r}" in phrases()), key)

    def at_home(self, who: str) -> bool:
        """Whether somebody is where their habits belong."""
        home = self.view.person(who).home
        return home is None or self.view.where(who) == home

    def habit(self, who: str) -> str:
        """What somebody is doing, as a participle ("wiping a glass")."""
        person = self.view.person(who)
        own = person.habits if self.at_home(who) else ()
        if own:
            return self.r.plain(self.rng("habit", who).choice(own))
        rng = self.rng("habit", who)
        general = variants_of(self.banked("hab", who))
        template = rng.choice(general).text if general else "waiting"
        kept = (self.r.last, self.r.named)
        text = self.r.render(template, {"n": self.view.noun(who)}, rng)
        self.r.last, self.r.named = kept
        return lower_first(text)

    def lead(self) -> str:
        """The plainest next step, as a sentence."""
        from luna.narrator.suggestions import suggestions

        listed = suggestions(self.view, self.dice, 1)
        return f"The plainest next step would be to {lower_first(listed[0])}." if listed else ""
