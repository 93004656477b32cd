"""What a job looks like from outside, and what can end one early."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from luna.kernel.values import Frozen


class JobStatus(StrEnum):
    """Where a job stands. The last three are final until somebody retries it."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


ACTIVE = (JobStatus.queued, JobStatus.running)
FINISHED = (JobStatus.done, JobStatus.failed, JobStatus.cancelled)


class JobView(Frozen):
    """A job as its owner sees it.

    `done` of `total` counts what the job itself counts (`total` None: unknown). `attempts` counts starts;
    `takeovers` how often it was taken over from a process that died since its last finished step.
    """

    id: str
    kind: str
    title: str
    queue: str
    status: JobStatus
    done: int
    total: int | None
    message: str
    args: dict[str, Any]
    result: Any
    error: str
    attempts: int
    takeovers: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobPage(Frozen):
    """Some jobs, newest first; `total` is how many fit the question in all."""

    jobs: tuple[JobView, ...]
    total: int


class JobLine(Frozen):
    """A line of a job's log."""

    at: datetime
    text: str


class JobInterrupted(BaseException):
    """This execution ends without an outcome: the job goes on elsewhere, later, or not at all.

    Not an `Exception`, so that nothing on the way takes it for a failure of the job and records it.
    """
