"""What a running process has in hand: its data folder, database, settings, secrets, live events and jobs.

It is made once, by the web server, the worker or a command, and passed to every service as the first
argument. It knows no story word.
"""

from dataclasses import dataclass
from pathlib import Path

from luna.kernel.database import Database
from luna.kernel.jobs import Jobs
from luna.kernel.live import LiveEvents
from luna.kernel.settings import SettingsStore
from luna.kernel.vault import Vault


@dataclass(frozen=True)
class Runtime:
    """`boot` is fresh at every start of a process; `instance` stays the same for a data folder."""

    data: Path
    db: Database
    settings: SettingsStore
    vault: Vault
    live: LiveEvents
    jobs: Jobs
    boot: str
    instance: str
