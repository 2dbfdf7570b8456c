"""Can the API serve: a published run that opens, an event store, a free port."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import msgspec
import sqlalchemy as sa

from rankmart.doctor.checks import Check, from_error, ok, problem, warning
from rankmart.doctor.warehouse import age
from rankmart.errors import RankmartError, first_line
from rankmart.events import EVENTS, OFF
from rankmart.publish import current_run, snapshot_path
from rankmart.settings import Settings
from rankmart_serving.settings import Settings as ServingSettings
from rankmart_serving.snapshots import Snapshot


def check_published(settings: Settings) -> Check:
    """Does the pointer name a run whose snapshot can be opened and answers."""
    again = "run `make score` to publish again"
    try:
        run_id = current_run(settings.published)
        if run_id is None:
            return warning("published", f"nothing in {settings.published}", "run `make score`")
        file = snapshot_path(settings.published, run_id)
        if not file.exists():
            return problem("published", f"{file} is named as current, and is not there", again)
        snapshot = Snapshot(settings.published, run_id)
    except RankmartError as error:
        return from_error("published", error, again)
    except (duckdb.Error, msgspec.MsgspecError, OSError, ValueError) as error:
        return problem("published", f"the snapshot can't be opened ({first_line(error)})", again)
    users = snapshot.run.users
    snapshot.retire()
    written = datetime.fromtimestamp((settings.published / "current").stat().st_mtime, UTC)
    return ok("published", f"run {run_id}, {users:,} users, published {age(written)}")


def check_events(url: str) -> Check:
    """Is the event store within reach. Nothing is made or changed by looking."""
    if url == OFF:
        return ok("events", "off")
    advice = "see RANKMART_EVENTS; off for none"
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                return problem("events", "in memory they would be lost", advice)
            if not Path(parsed.database).exists():
                return ok("events", f"none yet; {parsed.database} comes with the first")
        engine = sa.create_engine(parsed)
        try:
            with engine.connect() as connection:
                there = sa.inspect(connection).has_table(EVENTS.name)
                rows = (
                    connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))
                    if there
                    else 0
                )
        finally:
            engine.dispose()
    except ImportError:
        return problem(
            "events", f"no driver for {url.partition(':')[0]}", "pip install 'rankmart[postgres]'"
        )
    except (sa.exc.SQLAlchemyError, OSError) as error:
        return problem("events", f"the store can't be read ({first_line(error)})", advice)
    return ok("events", f"{parsed.render_as_string(hide_password=True)}: {rows:,} events")


def check_port(settings: ServingSettings) -> Check:
    """Could the API listen where it is told to."""
    where = f"{settings.host}:{settings.port}"
    try:
        [*_, (family, kind, protocol, _, address)] = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )
        with socket.socket(family, kind, protocol) as probe:
            # As uvicorn does: a port that was just let go of is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return warning(
            "port",
            f"{where} is taken, perhaps by the API itself ({error.strerror or error})",
            "rankmart serve --port, or RANKMART_PORT, for another",
        )
    return ok("port", f"{where} is free")
