"""Engine time of a turn without the telling, in short and in long stories, on both databases.

    .venv/bin/python bench/turn.py [--quick] [--rounds N] [--only sqlite|postgres] [--profile]

A turn is begun at the desk and waited for, as the web routes do it: claiming the branch, reading the head and
its state, the briefing from memory, the check, keeping the turn with everything that hangs on it, live events.
Only the narrator's plan, prose and suggestions are replaced, by ones made beforehand; no model is set. Each
story has a process and a database of its own, and the processes take turns, so that whatever else the machine
does hits all of them alike. PostgreSQL runs with its usual durability (fsync on), SQLite in WAL mode as always.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import machine, new_postgres, percentile, postgres, summary

SIZES = (10, 100, 1_000, 10_000)
QUICK = (10, 300)
PER_ROUND = 5
WARM = 10


def copies_of(size: int) -> int:
    """How many stories of a size there are: a short one must stay short while it is measured."""
    return max(1, min(12, 120 // size))


class Measured:
    """The child process: one database with stories of one size."""

    def __init__(self, data: Path, size: int, profile: bool) -> None:
        self.data, self.size, self.profile = data, size, profile
        self.next = 0

    async def run(self) -> None:
        """Build, say so, then measure as often as a line comes in."""
        from invented import OWNER, invent

        from luna.app.assemble import close_runtime, open_runtime
        from luna.narration.desk import Desk

        runtime = await open_runtime(self.data, worker=False)
        begun = time.perf_counter()
        self.runtime, self.owner = runtime, OWNER
        self.stories = [
            await invent(runtime, self.size, f"{self.size}.{n}") for n in range(copies_of(self.size))
        ]
        if not runtime.db.is_sqlite:
            await _analyse(runtime)
        self.desk = Desk(runtime)
        await self.desk.open()
        _silence_the_narrator(self)
        for _ in range(WARM):
            await self._turn()
        say(ready=time.perf_counter() - begun)
        profiler = None
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if line == "rebuild":
                say(**await self._rebuild())
                continue
            if self.profile and profiler is None:
                import cProfile

                profiler = cProfile.Profile()
            if profiler:
                profiler.enable()
            say(turns=[await self._turn() for _ in range(int(line))])
            if profiler:
                profiler.disable()
        if profiler:
            import pstats

            pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(35)
            pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats("luna", 45)
        await self.desk.close()
        await close_runtime(runtime)

    async def _turn(self) -> tuple[float, float]:
        """Seconds from the request to the kept turn: on the clock, and of work in this process."""
        from luna.story.types import TellingRequest
        from luna.turns.types import Action

        story_id, made = self.stories[self.next % len(self.stories)]
        self.next += 1
        action = Action(text=made.action())
        self.prose, self.events = made.prose(action.text), made.events(self.size + self.next)
        await self.runtime.live.flush()  # of the turn before: a player is not that quick
        begun, worked = time.perf_counter(), time.process_time()
        telling = await self.desk.act(self.owner, story_id, None, TellingRequest(action=action))
        turn = await self.desk.wait(telling)
        seconds = time.perf_counter() - begun, time.process_time() - worked
        if turn.status != "done" or turn.narrative_text != self.prose:
            raise SystemExit(f"a turn was not kept as it was told: {turn.status}")
        return seconds

    async def _rebuild(self) -> dict[str, float]:
        """Milliseconds to rebuild the state at turn 9 and at the last turn that is farthest from a snapshot."""
        from luna.story import service, turns

        story_id, _ = self.stories[0]
        found: dict[str, float] = {}
        for name, number in (("early", 9), ("late", self.size // 20 * 20 - 1 if self.size >= 20 else 9)):
            page = await turns.list_turns(self.runtime, self.owner, story_id, first=number, limit=1)
            times: list[float] = []
            for _ in range(15):
                begun = time.perf_counter()
                async with self.runtime.db.read() as tx:
                    story = await service.parts(tx, self.owner, story_id)
                    await service.head_of(tx, story, page[0].turn_id)
                times.append((time.perf_counter() - begun) * 1000)
            found[name] = statistics.median(times)
        return found


def _silence_the_narrator(measured: Measured) -> None:
    """Put a ready plan and a ready draft in the narrator's place, for this process only."""
    from luna.narrator import service as narrator
    from luna.turns.types import Draft, Plan, PlanBeat, Situation
    from luna.turns.world import World

    def plan(situation: Situation) -> Plan:
        del situation
        return Plan(beats=(PlanBeat(what=measured.prose[:80]),), changes=measured.events)

    def tell(situation: Situation, plan: Plan) -> Draft:
        del situation
        return Draft(text=measured.prose, events=plan.changes)

    def suggest(world: World, *_: Any) -> list[str]:
        del world
        return ["Look around", "Ask about the bell", "Go to the quay"]

    narrator.plan, narrator.tell, narrator.suggest = plan, tell, suggest


async def _analyse(runtime: Any) -> None:
    """What PostgreSQL's autovacuum would do within a minute."""
    import sqlalchemy as sa

    async with runtime.db.begin() as tx:
        await tx.execute(sa.text("ANALYZE"))


def say(**what: Any) -> None:
    """One line to the parent."""
    print(json.dumps(what), flush=True)


@dataclass
class Child:
    """The parent's end of a child process."""

    engine: str
    size: int
    process: "subprocess.Popen[str]"
    turns: list[tuple[float, float]]

    @property
    def clock(self) -> list[float]:
        """Milliseconds of each turn."""
        return [clock * 1000 for clock, _ in self.turns]

    @property
    def work(self) -> float:
        """Milliseconds of work in the process for a turn, the median: what else the machine does hardly shows."""
        return statistics.median(work * 1000 for _, work in self.turns)

    def ask(self, line: str) -> dict[str, Any]:
        """Send a line, wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.heard()

    def heard(self) -> dict[str, Any]:
        """The next line of the child. Anything wrong there ends the measurement."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(
                f"the process for {self.size} turns on {self.engine} ended: {self.process.wait()}"
            )
        return json.loads(line)


def begin(engine: str, size: int, folder: Path, server: str, profile: bool) -> Child:
    """Start a child for a size on an engine."""
    environment = {**os.environ, "DATABASE_URL": new_postgres(server) if engine == "postgres" else ""}
    command = [sys.executable, __file__, "--child", str(folder / f"{engine}-{size}"), "--size", str(size)]
    process = subprocess.Popen(
        command + ["--profile"] * profile,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Child(engine, size, process, [])


def report(children: list[Child]) -> None:
    """The figures."""
    print()
    for engine in dict.fromkeys(child.engine for child in children):
        mine = [child for child in children if child.engine == engine]
        for child in mine:
            print(f"{engine:9} {child.size:6} turns: {summary(child.clock)}  work {child.work:5.1f} ms")
        first, last = mine[0], mine[-1]
        ratio = statistics.median(last.clock) / statistics.median(first.clock)
        late = last.ask("rebuild")
        print(
            f"{engine:9} ratio {last.size}/{first.size}: {ratio:.2f}   (goal 1.5; of the work {last.work / first.work:.2f})"
        )
        print(f"{engine:9} p95 at {last.size}: {percentile(last.clock, 0.95):.1f} ms   (goal 50 ms)")
        print(
            f"{engine:9} state rebuilt at turn 9: {late['early']:.1f} ms, near turn {last.size}:"
            f" {late['late']:.1f} ms, ratio {late['late'] / late['early']:.2f}"
        )


def measure(sizes: tuple[int, ...], engines: list[str], rounds: int, profile: bool) -> None:
    """Build everything, measure in turns, report."""
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as folder, postgres() as server:
        children = [begin(e, size, Path(folder), server, profile) for e in engines for size in sizes]
        for child in children:
            made = child.heard()["ready"]
            print(f"{child.engine:9} {child.size:6} turns made in {made:.0f} s", flush=True)
        for _ in range(rounds):
            for child in children:
                child.turns += [tuple(turn) for turn in child.ask(str(PER_ROUND))["turns"]]
        print(machine(), flush=True)
        report(children)
        for child in children:
            if child.process.stdin is not None:
                child.process.stdin.close()
            child.process.wait()


def main() -> None:
    """Read the command line."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--quick", action="store_true", help="up to 300 turns, about 30 seconds")
    options.add_argument("--rounds", type=int, default=0)
    options.add_argument("--sizes", type=int, nargs="+")
    options.add_argument("--only", choices=("sqlite", "postgres"))
    options.add_argument("--profile", action="store_true", help="print where the time goes, on stderr")
    options.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--size", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        asyncio.run(Measured(given.child, given.size, given.profile).run())
        return
    sizes = tuple(given.sizes) if given.sizes else QUICK if given.quick else SIZES
    engines = [given.only] if given.only else ["sqlite", "postgres"]
    measure(sizes, engines, given.rounds or (4 if given.quick else 24), given.profile)


if __name__ == "__main__":
    main()
