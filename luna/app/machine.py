"""How busy this machine is. Looking never fails: what cannot be found out is left out."""

import csv
import os
import shutil
import subprocess
from pathlib import Path

from luna.kernel.values import Frozen


class Gpu(Frozen):
    """A graphics card. Memory is in bytes."""

    name: str
    used_percent: float
    memory_used: int
    memory_total: int


class Machine(Frozen):
    """Processor load, memory and disk. Sizes are in bytes; `process_memory` is this process's own."""

    cpu_percent: float
    cpu_count: int
    memory_used: int
    memory_total: int
    process_memory: int
    disk_free: int
    disk_total: int
    gpus: list[Gpu] = []


def look(data: Path) -> Machine:
    """Look at the machine and the disk of the data folder. Takes up to three seconds: call it in a thread."""
    import psutil

    try:
        disk = shutil.disk_usage(data)
        free, total = disk.free, disk.total
    except OSError:
        free = total = 0
    try:
        memory = psutil.virtual_memory()
        used, all_of_it = memory.total - memory.available, memory.total
        own = psutil.Process().memory_info().rss
        cpu = psutil.cpu_percent(interval=0.1)
    except (psutil.Error, OSError, RuntimeError):
        used = all_of_it = own = 0
        cpu = 0.0
    return Machine(
        cpu_percent=cpu,
        cpu_count=os.cpu_count() or 1,
        memory_used=used,
        memory_total=all_of_it,
        process_memory=own,
        disk_free=free,
        disk_total=total,
        gpus=find_gpus(),
    )


def find_gpus() -> list[Gpu]:
    """The graphics cards that `nvidia-smi` knows, if it is there."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    query = "--query-gpu=name,utilization.gpu,memory.used,memory.total"
    try:
        done = subprocess.run(
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=3,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [card for row in csv.reader(done.stdout.splitlines()) if (card := _card(row))]


def _card(row: list[str]) -> Gpu | None:
    try:
        name, used, memory, total = (cell.strip() for cell in row)
        return Gpu(
            name=name,
            used_percent=float(used),
            memory_used=int(float(memory) * 2**20),
            memory_total=int(float(total) * 2**20),
        )
    except ValueError:
        return None
