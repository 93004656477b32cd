"""The bench of the narrator runs, and its figures are figures."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    sys.path.insert(0, str(BENCH))
    try:
        spec = importlib.util.spec_from_file_location("bench_narrator", BENCH / "narrator.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(BENCH))


@pytest.mark.parametrize("player", ["sensible", "chaotic"])
def test_a_story_is_told_and_measured(bench: ModuleType, player: str) -> None:
    world = bench.worlds()["low_hythe"]
    told, tally = bench.tell(world, 1, player, 8, bench.strangers())
    assert [turn.number for turn in told] == list(range(9))
    assert all(turn.text.strip() for turn in told)
    assert tally.turns == 9
    assert tally.suggested >= 3 * 9
    assert set(tally.figures()) == set(bench.GOALS)


def test_what_is_told_twice_is_measured(bench: ModuleType) -> None:
    world = bench.worlds()["low_hythe"]
    told, _ = bench.tell(world, 1, "sensible", 2, [])
    again = [told[0], told[1]._replace(text=told[0].text)]
    assert bench.longest_shared(again)[0] > 20
