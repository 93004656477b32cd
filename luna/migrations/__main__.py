"""Writes a new migration: `python -m luna.migrations "what changes"`, from the tables as the code has them."""

import sys
import tempfile
from pathlib import Path

from luna.kernel.migrate import write_migration

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(write_migration(" ".join(sys.argv[1:]) or "changes", Path(folder) / "empty.db"))
