"""Durable jobs. (The contract; see the class.)"""

from typing import Any

from luna.kernel.database import Database, Transaction


class Jobs:
    """Work that survives a crash."""

    def __init__(self, db: Database, boot: str) -> None:
        self.db = db
        self.boot = boot

    async def enqueue(self, tx: Transaction, owner: str, queue: str, kind: str, **args: Any) -> str:
        """Ask for work inside the caller's transaction: it commits or vanishes with it."""
        raise NotImplementedError
