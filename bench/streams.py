"""Many readers of live, persisted turns: is anything lost, and how late does it come?

    .venv/bin/python bench/streams.py [--quick] [--only sqlite|postgres] [--readers 500] [--turns 50] [--seconds 20]

A real server in a process of its own; a model beside it writes 20 tokens a second into every turn; each turn has ten
readers over HTTP, and every fifth reader breaks its connection off once and comes back with Last-Event-ID. Every
reader must end up with exactly the events that lie in the database afterwards: nothing lost, nothing twice, in order.
Delays are from the moment the model sent a token to the moment the reader had it, first with one reader alone.
Exits with 1 when something was lost or came twice; never because of time.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
from measuring import ROOT, machine, new_postgres, percentile, postgres
from model_server import WHEN, moment

PER_SECOND = 20
RAMP = 0.3
"""The part of a turn's time over which the turns begin: people do not all act in one moment."""
Event = tuple[str, str, str]


@dataclass
class Reader:
    """One reader of one turn: the bytes as they came, read only afterwards, so that reading costs little."""

    port: int
    path: str
    breaks_after: float | None = None
    pieces: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    earlier: list[tuple[int, Event]] = field(default_factory=list[tuple[int, Event]])

    async def read(self) -> None:
        """Follow the turn to its end."""
        if self.breaks_after is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._connection(""), self.breaks_after)
            self.earlier, self.pieces = events_of(self.pieces), []
        await self._connection(self.earlier[-1][1][0] if self.earlier else "")

    async def _connection(self, last: str) -> None:
        resume = f"Last-Event-ID: {last}\r\n" if last else ""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        try:
            writer.write(f"GET {self.path} HTTP/1.1\r\nHost: localhost:{self.port}\r\n{resume}\r\n".encode())
            while data := await reader.read(65536):
                self.pieces.append((moment(), data))
                if data.endswith(b"0\r\n\r\n"):
                    return
        finally:
            writer.close()

    def events(self) -> list[tuple[int, Event]]:
        """Everything that came: when, and what."""
        return self.earlier + events_of(self.pieces)


def events_of(pieces: list[tuple[int, bytes]]) -> list[tuple[int, Event]]:
    """The whole events in an answer's bytes, each with the moment its last byte came."""
    body, moments = unchunked(pieces)
    found: list[tuple[int, Event]] = []
    start, piece = 0, 0
    while (end := body.find(b"\n\n", start)) >= 0:
        while moments[piece][0] < end + 2:
            piece += 1
        fields = dict(
            line.split(": ", 1)
            for line in body[start:end].decode().split("\n")
            if ": " in line and line[0] != ":"
        )
        if "event" in fields:
            found.append((moments[piece][1], (fields["id"], fields["event"], plain(fields["data"]))))
        start = end + 2
    return found


def plain(data: str) -> str:
    """JSON with its keys in order: PostgreSQL keeps values, not the order they were written in."""
    return json.dumps(json.loads(data), sort_keys=True)


def unchunked(pieces: list[tuple[int, bytes]]) -> tuple[bytes, list[tuple[int, int]]]:
    """The body without HTTP's framing, and up to which byte of it had come at which moment."""
    raw = b"".join(data for _, data in pieces)
    at = raw.find(b"\r\n\r\n") + 4
    if at > 3 and not raw.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"a reader was refused: {raw[:300]!r}")
    body, ends = bytearray(), list[tuple[int, int]]()  # (raw position, body length)
    while at > 3 and (line := raw.find(b"\r\n", at)) >= 0:
        size = int(raw[at:line], 16)
        if size == 0 or line + 2 + size > len(raw):
            break
        body += raw[line + 2 : line + 2 + size]
        at = line + 2 + size + 2
        ends.append((at - 2, len(body)))
    moments: list[tuple[int, int]] = []
    place, chunk = 0, 0
    for when, data in pieces:
        place += len(data)
        while chunk < len(ends) and ends[chunk][0] <= place:
            moments.append((ends[chunk][1], when))
            chunk += 1
    return bytes(body), moments


@contextlib.contextmanager
def server(data: Path, url: str) -> Generator[tuple[int, psutil.Process]]:
    """The product, serving a data folder; gives its port and process."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pathlib import Path; from luna.app.serve import serve;"
        f"serve('127.0.0.1', 0, Path({str(data)!r}), False)"
    )
    environment = {**os.environ, "DATABASE_URL": url, "ENABLE_IMAGE_GENERATION": "false"}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL)
    try:
        told, port = data / "server.json", 0
        while not port:
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.05)
            if told.exists():  # it is there from the start, the address once the server listens
                port = urlsplit(json.loads(told.read_text() or "{}").get("url", "")).port or 0
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def model(tokens: int) -> Generator[str]:
    """The model; gives its address."""
    script = str(Path(__file__).with_name("model_server.py"))
    process = subprocess.Popen(
        [sys.executable, script, "--tokens", str(tokens), "--per-second", str(PER_SECOND)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        process.kill()
        process.wait()


async def stories(client: httpx.AsyncClient, count: int) -> list[str]:
    """New stories with an opening by the built-in narrator."""
    found: list[str] = []
    for number in range(count):
        answer = await client.post(
            "/stories", json={"world_id": "low_hythe", "seed": str(number), "title": "B"}
        )
        answer.raise_for_status()
        found.append(answer.json()["story_id"])
    return found


async def follow(port: int, ids: list[str], readers: int, seconds: float) -> tuple[list[Reader], list[str]]:
    """Begin a turn in every story and read each to its end; gives the readers and the turns."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:

        async def begin(story: str) -> tuple[str, str]:
            answer = await client.post(f"/narrates/stories/{story}/tellings", json={"action": "look around"})
            answer.raise_for_status()
            return answer.json()["turn_id"], answer.json()["events"]

        async def begin_and_read(place: int) -> str:
            await asyncio.sleep(seconds * RAMP * place / len(ids))
            turn, path = await begin(ids[place])
            mine = [
                Reader(port, path, seconds * (0.2 + 0.06 * (n % 9)) if readers > 1 and n % 5 == 4 else None)
                for n in range(readers)
            ]
            everybody.extend(mine)
            await asyncio.gather(*(reader.read() for reader in mine))
            return turn

        everybody: list[Reader] = []
        turns = await asyncio.gather(*map(begin_and_read, range(len(ids))))
    return everybody, list(turns)


async def written(url: str, turns: list[str]) -> dict[str, list[Event]]:
    """The events of the turns as they lie in the database."""
    from luna.kernel.database import Database
    from luna.kernel.live import LiveEvents

    db = Database(url)
    live = LiveEvents(db)
    found: dict[str, list[Event]] = {}
    for turn in turns:
        events, _ = await live.read(turn)
        found[turn] = [
            (lines[0][4:], lines[1][7:], plain(lines[2][6:]))
            for e in events
            for lines in [e.wire.decode().split("\n")]
        ]
    await db.close()
    return found


def delays(readers: list[Reader]) -> list[float]:
    """Milliseconds from the model to the reader while all turns were live, of all tokens of readers that stayed."""
    stayed = [reader.events() for reader in readers if reader.breaks_after is None]
    first = max(min(when for when, (_, kind, _) in had if kind == "delta") for had in stayed)
    last = min(had[-1][0] for had in stayed)
    if first >= last:  # the machine was so slow that some ended before others began
        first, last = 0, WHEN
    found: list[float] = []
    for had in stayed:
        for when, (_, kind, data) in had:
            if (
                kind == "delta"
                and (text := json.loads(data)["text"].strip()).isdigit()
                and first <= int(text) <= last
            ):
                found.append((when - int(text)) % WHEN)
    return found


def compare(readers: list[Reader], kept: dict[str, list[Event]], tokens: int) -> int:
    """Print what was delivered; gives how many events were lost, doubled, or not as they are kept."""
    delivered = lost = doubled = wrong = 0
    for reader in readers:
        had = [event for _, event in reader.events()]
        want = kept[reader.path.split("/")[-2]]
        delivered += len(had)
        lost += len(set(want) - set(had))
        doubled += len(had) - len(set(had))
        wrong += had != want
    short = sum(len([e for e in events if e[1] == "delta"]) < tokens for events in kept.values())
    back = sum(reader.breaks_after is not None for reader in readers)
    print(
        f"  delivered {delivered} events to {len(readers)} readers ({back} came back on the way): lost {lost}, twice"
        f" {doubled}, readers with another story than the database's {wrong}, turns cut short {short}"
    )
    return lost + doubled + wrong + short


async def measure(engine: str, url: str, options: argparse.Namespace) -> int:
    """One engine: alone, then everybody. Gives the number of faults."""
    tokens = int(options.seconds * PER_SECOND)
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as folder, model(tokens) as host:
        data = Path(folder)
        url = url or f"sqlite+aiosqlite:///{data / 'luna.db'}"
        with server(data, url) as (port, process):
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                ids = await stories(client, options.turns + 1)
                chain = [{"provider": "openai-compatible", "model": "steady", "host": host}]
                change = {"model_preset": "custom", "writer_chain": chain, "prose_tokens": 16000}
                (await client.patch("/settings", json=change)).raise_for_status()
            one, _ = await follow(port, ids[:1], 1, options.seconds)
            alone = delays(one)
            before, begun, mine = process.cpu_times(), time.monotonic(), time.process_time()
            everybody, turns = await follow(port, ids[1:], options.readers // options.turns, options.seconds)
            took, after, mine = time.monotonic() - begun, process.cpu_times(), time.process_time() - mine
            memory = process.memory_info().rss / 1e6
        kept = await written(url, turns)
    print(f"{engine}: {options.readers} readers over {options.turns} turns of {tokens} tokens, {took:.1f} s")
    faults = compare(everybody, kept, tokens)
    late = delays(everybody)
    for name, found in (("one reader alone", alone), ("everybody", late)):
        print(
            f"  delay, {name:16}: p50 {percentile(found, 0.5):5.0f} ms  p95 {percentile(found, 0.95):5.0f} ms"
            f"  p99 {percentile(found, 0.99):5.0f} ms  worst {max(found):5.0f} ms"
        )
    ratio = percentile(late, 0.5) / max(percentile(alone, 0.5), 1)
    cpu = after.user + after.system - before.user - before.system
    print(
        f"  ratio of the medians {ratio:.1f}; server CPU {cpu / took * 100:.0f} % of a core, {memory:.0f} MB"
    )
    return faults


def main() -> None:
    """Read the command line, measure both engines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="50 readers over 5 turns of 4 seconds")
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--turns", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    if options.quick:
        options.readers, options.turns, options.seconds = 50, 5, 3
    faults = 0
    print(machine(), flush=True)
    if options.only != "postgres":
        faults += asyncio.run(measure("sqlite", "", options))
    if options.only != "sqlite":
        with postgres() as uri:
            faults += asyncio.run(measure("postgres", new_postgres(uri), options))
    print(machine())
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
