"""How long the command line and the server take to start.

    .venv/bin/python bench/startup.py [--quick] [--runs N]

`luna --help`, and `luna serve` until it has answered a request, in a fresh data folder and in one that was used before:
medians of several runs, the kinds taking turns, and each as a ratio to `python -c pass` on the same machine. Python may
keep its compiled bytecode, as it does unless it is told not to (here in a folder of its own, filled by one run of each
first; those first runs are shown too). SQLite; the browser is not opened.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from measuring import ROOT, machine

GOALS = {"luna --help": 0.5, "server, fresh folder": 3.0, "server, used folder": 3.0}


class Starts:
    """The things that are started, in one scratch folder."""

    def __init__(self, folder: Path) -> None:
        self.used, self.fresh = folder / "used", folder / "fresh"
        dropped = ("PYTHONDONTWRITEBYTECODE", "DATABASE_URL", "LUNA_NARRATES_DATA")
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        self.environment = {**kept, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        self.kinds: dict[str, Callable[[], float]] = {
            "python -c pass": lambda: self.run("-c", "pass"),
            "luna --help": lambda: self.run("-m", "luna", "--help"),
            "server, fresh folder": self.serve_fresh,
            "server, used folder": lambda: self.serve(self.used),
        }

    def run(self, *arguments: str) -> float:
        """Seconds until a command has ended."""
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, *arguments], env=self.environment, check=True, stdout=subprocess.DEVNULL
        )
        return time.perf_counter() - begun

    def serve_fresh(self) -> float:
        """Seconds until a server has answered that finds no data folder."""
        shutil.rmtree(self.fresh, ignore_errors=True)
        return self.serve(self.fresh)

    def serve(self, data: Path) -> float:
        """Seconds until a server on this folder has answered."""
        command = [sys.executable, "-m", "luna", "serve", "--port", "0", "--no-browser", "--data", str(data)]
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            address = next(
                word for line in process.stdout for word in line.split() if word.startswith("http://")
            )
            with urllib.request.urlopen(f"{address.rstrip('.')}/health", timeout=30) as answer:
                if answer.status != 200:
                    raise SystemExit(f"the server answered {answer.status}")
            return time.perf_counter() - begun
        finally:
            process.terminate()
            process.wait(30)


def main() -> None:
    """Read the command line, measure, report."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--quick", action="store_true", help="two runs of each, under 30 seconds")
    options.add_argument("--runs", type=int, default=0)
    given = options.parse_args()
    runs = given.runs or (2 if given.quick else 9)
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as folder:
        starts = Starts(Path(folder))
        first = {name: start() for name, start in starts.kinds.items()}
        times: dict[str, list[float]] = {name: [] for name in starts.kinds}
        for _ in range(runs):
            for name, start in starts.kinds.items():
                times[name].append(start())
    bare = statistics.median(times["python -c pass"])
    for name, seconds in times.items():
        middle = statistics.median(seconds)
        goal = f"   (goal {GOALS[name]} s)" if name in GOALS else ""
        print(
            f"{name:21} median {middle:5.2f} s  best {min(seconds):5.2f} s  worst {max(seconds):5.2f} s"
            f"  {middle / bare:6.1f} x bare python  first time {first[name]:5.2f} s{goal}"
        )
    print(machine())


if __name__ == "__main__":
    main()
