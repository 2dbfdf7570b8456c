"""A folder in which the flow runs with stand-ins of its programs."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from project import Finished
from publish.small_warehouse import make_warehouse, publish_run
from rankmart.publish import current_run

TESTS = Path(__file__).parents[1]

# As the command, but with stand-ins, and steps of the flow's own process may be waited at.
COMMAND = """
import sys
from pathlib import Path
import rankmart.steps.process
rankmart.steps.process.PROGRAMS = Path("programs").absolute()
import rankmart.steps.server as server
connect = server.connect
def connected(folder):
    url = connect(folder)
    import rankmart.flow
    from flow.fake_programs import stop_here
    def waiting(name):
        step = getattr(rankmart.flow, name)
        def call(**given):
            stop_here(name)
            return step(**given)
        setattr(rankmart.flow, name, call)
    for name in ("take_events", "gate"):
        waiting(name)
    return url
server.connect = connected
from rankmart.command_line import main
sys.argv = ["rankmart", *sys.argv[1:]]
main()
"""


@dataclass(frozen=True)
class FakeShop:
    """See `fake_programs` for the files by which its programs are told what to do."""

    folder: Path

    @classmethod
    def made_in(cls, folder: Path) -> "FakeShop":
        """A shop whose run `old` is published."""
        shop = cls(folder)
        programs = folder / "programs"
        programs.mkdir()
        for name in ("dbt", "rankmart"):
            program = programs / name
            text = (TESTS / "flow" / "fake_programs.py").read_text(encoding="utf-8")
            program.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
            program.chmod(0o755)
        (folder / "dbt_project.yml").write_text("name: rankmart\nvars: {}\n")
        (folder / "reviews.csv").write_text("user_id,product_id,reviewed_at\nann,P1,2014-01-01\n")
        with make_warehouse(shop.warehouse) as warehouse:
            publish_run(warehouse, shop.published, "old")
            warehouse.execute("update ranker.runs set is_current = true")
        return shop

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "published"

    @property
    def served(self) -> str | None:
        return current_run(self.published)

    @property
    def calls(self) -> list[str]:
        """What was called since it was asked last."""
        path = self.folder / "calls"
        calls = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return calls

    def tell(self, name: str, text: str = "") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def environment(self) -> dict[str, str]:
        """Of the flow: variables of the shop alone."""
        return {
            "SHOP": str(self.folder),
            "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
            "RANKMART_REVIEWS": "reviews.csv",
            "RANKMART_WAREHOUSE": "warehouse.duckdb",
            "RANKMART_PUBLISHED": "published",
            "RANKMART_EXPORT": "",
            "RANKMART_EVENTS": "off",
            "RANKMART_FLOW": "finished",
            "DO_NOT_TRACK": "1",
        }

    def started(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        """`rankmart flow` in a process of its own, not waited for."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("RANKMART_", "DBT_"))
        }
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, "flow", *arguments],
            cwd=self.folder,
            env=inherited | self.environment() | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ran(self, *arguments: str, **more: str) -> Finished:
        """The same, waited for."""
        with self.started(*arguments, **more) as process:
            stdout, stderr = process.communicate(timeout=120)
        return Finished(process.returncode, stdout, stderr)

    def killed_at(self, words: str, *arguments: str, **more: str) -> None:
        """The flow, started and then killed with SIGKILL while it is at a step."""
        stop = self.tell("stop_at", words)
        with self.started(*arguments, **more) as process:
            self.wait_for("reached", process)
            process.kill()
            process.communicate(timeout=60)
        stop.unlink()

    def wait_for(self, name: str, process: "subprocess.Popen[str]") -> None:
        path = self.folder / name
        give_up = time.monotonic() + 120
        while not path.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < give_up
            time.sleep(0.05)
        path.unlink()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(self.warehouse, read_only=True) as connection:
            return connection.execute(sql).fetchall()
