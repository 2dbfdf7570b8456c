"""The two databases that events are kept in."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BINARIES = "/usr/lib/postgresql"


def _binary(name: str) -> str | None:
    debian = sorted(Path(BINARIES).glob(f"*/bin/{name}"))
    return str(debian[-1]) if debian else shutil.which(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server of the test's own."""
    initdb, pg_ctl = _binary("initdb"), _binary("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("there is no PostgreSQL server here: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="rankmart-postgres-") as name:
        # The server does not run as root.
        root: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(name, account.pw_uid, account.pw_gid)
            root = {"user": account.pw_uid, "group": account.pw_gid, "cwd": name}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = f"{name}/data"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL} | root
        subprocess.run([initdb, "-D", data, "-U", "rankmart", "-A", "trust"], check=True, **quiet)
        options = f"-p {port} -h 127.0.0.1 -k {name}"
        start = [pg_ctl, "-D", data, "-w", "-l", f"{name}/log", "-o", options, "start"]
        subprocess.run(start, check=True, **quiet)
        try:
            yield f"postgresql+psycopg://rankmart@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "stop"], check=True, **quiet)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An event store with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/events.sqlite"
    server: str = request.getfixturevalue("postgres")
    _clear(server)
    return server


def _clear(server: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(server)
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists events, exposures"))
    engine.dispose()
