"""The page, in a browser: what a reader sees once its script has run."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import uvicorn

from project import Project
from rankmart_serving.app import create_app
from rankmart_serving.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium: apt-get install chromium"
)


@pytest.fixture(scope="module")
def address(scored_shop: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("events")
    settings = Settings(
        published=scored_shop.published, events=f"sqlite:///{folder}/events.sqlite"
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(settings), log_level="error", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


class Texts(HTMLParser):
    """The text of the element of each id."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str | None] = []
        self.of: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("input", "meta", "link", "option"):
            self.inside.append(dict(attrs).get("id"))

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("input", "meta", "link", "option"):
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        for name in self.inside:
            if name is not None:
                self.of[name] = self.of.get(name, "") + data


def seen(url: str, tmp_path: Path) -> dict[str, str]:
    """What the page shows, by id, once it has come to rest. No other host can be reached."""
    assert CHROMIUM is not None
    dumped = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",),
            *(f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom", url),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    texts = Texts()
    texts.feed(dumped)
    return texts.of


def test_the_page_shows_a_users_list_and_history_charts_and_the_evaluation(
    scored_shop: Project, address: str, tmp_path: Path
) -> None:
    user, title = scored_shop.rows(
        "select recommendations.user_id, products.title from ranker.recommendations"
        " inner join products on recommendations.product_id = products.product_id"
        " where rank = 1 and products.title is not null order by recommendations.user_id limit 1"
    )[0]

    shown = seen(f"{address}/?user={user}", tmp_path)

    assert title in shown["list"]
    assert shown["list"].count("because of") >= 1
    assert "reviewed on" in shown["history"]
    assert "reviews" in shown["trending"]
    assert "reviews" in shown["popular"]
    assert scored_shop.current_run in shown["run"]
    assert "similar users" in shown["evaluation-chart"]


def test_an_unknown_user_is_told_of_in_words_and_ids_are_never_read_as_html(
    address: str, tmp_path: Path
) -> None:
    shown = seen(f"{address}/?user=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", tmp_path)

    assert "Nobody knows this user yet." in shown["message"]
    assert shown["list"]


def test_the_page_of_the_api_shows_routes_and_structures_without_another_server(
    address: str, tmp_path: Path
) -> None:
    shown = seen(f"{address}/schema#recommendations", tmp_path)

    assert "Rankmart 0" in shown["about"]
    for text in ("/v1/events/batch", "/v1/products/{product_id}/similar", "/health/ready"):
        assert text in shown["routes"]
    assert "How many products at most." in shown["recommendations"]
    assert "1 to 100, 10 unless given" in shown["recommendations"]
    assert "Problem" in shown["recommendations"]
    assert "NewEvent" in shown["structure-list"]
