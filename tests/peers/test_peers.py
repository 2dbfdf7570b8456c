"""Rankmart beside other libraries: what the comparison exports, filters, measures and prints."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from benchmarks.peers.compare import _rankmart_models, _run_peer, compare, main
from benchmarks.peers.ease import ease
from benchmarks.peers.evaluation import Evaluation, Figures, best_setting, require_equal
from benchmarks.peers.export import Split, export_split, export_tags
from benchmarks.peers.grid import PEERS, Peer, every
from benchmarks.peers.history import History, Lists, read_history, read_users
from benchmarks.peers.table import END, markdown, write_docs
from benchmarks.peers.train_peer import SCHEMA, write_lists
from project import ROOT, Project
from rankmart.demo_data import DemoData
from rankmart.errors import RankmartError

pytestmark = pytest.mark.long

TOY = Peer(
    name="toy popular",
    function="toy_peers:popular",
    grid=every(power=[-1, 1]),
)


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    pq.write_table(
        pa.table([list(column) for column in zip(*rows, strict=True)], names=list(columns)), path
    )


@pytest.fixture
def split(tmp_path: Path) -> Split:
    """User 1 had 10, wants 11; user 2 had 10 and 11, wants 12; user 3 had nothing, wants 10."""
    folder = tmp_path / "test"
    folder.mkdir()
    history = [(1, 10, 1.0, 0), (2, 10, 1.0, 0), (2, 11, 0.2, 5), (9, 12, 1.0, 7)]
    write(
        folder / "history.parquet",
        ["user_key", "product_key", "weight", "reviewed_epoch"],
        history,
    )
    write(
        folder / "users.parquet",
        ["user_key", "has_history"],
        [(1, True), (2, True), (3, False)],
    )
    write(folder / "labels.parquet", ["user_key", "product_key"], [(1, 11), (2, 12), (3, 10)])
    write(tmp_path / "tags.parquet", ["product_key", "tag"], [(11, "oats"), (99, "unknown")])
    return Split(folder=folder, users=3, users_with_history=2, catalog_size=3)


def lists_of(path: Path, rows: Iterable[tuple[int, int, int, int]]) -> Path:
    write(path, SCHEMA.names, rows)
    return path


def export(project: Project, split: str, folder: Path, **more: int) -> Split:
    with project.connection() as connection:
        return export_split(connection, split, folder, **more)


def read(path: Path) -> list[tuple[Any, ...]]:
    table = pq.read_table(path)
    return list(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True))


def test_the_export_holds_what_the_split_may_see(scored_shop: Project, tmp_path: Path) -> None:
    test = export(scored_shop, "test", tmp_path)
    assert sorted(read(tmp_path / "labels.parquet")) == scored_shop.rows(
        "select user_key, product_key from intermediate.labels where split = 'test'"
        " order by user_key, product_key"
    )
    history = read(tmp_path / "history.parquet")
    assert sorted((user, product) for user, product, *_ in history) == scored_shop.rows(
        "select user_key, product_key from intermediate.histories where split = 'test'"
        " order by user_key, product_key"
    )
    assert {round(weight, 6) for _, _, weight, _ in history} == {0.2, 1.0}
    users = read(tmp_path / "users.parquet")
    known = {user for user, *_ in history}
    assert users == [(user, user in known) for user, _ in users]
    assert test.users == len(users) == len({user for user, _ in read(tmp_path / "labels.parquet")})
    assert test.users_with_history == len(known & {user for user, _ in users}) < test.users
    assert test.catalog_size == scored_shop.value(
        "select count(*) from intermediate.product_stats where split = 'test'"
    )


def test_the_sample_of_users_has_a_history_and_is_the_same_each_time(
    scored_shop: Project, tmp_path: Path
) -> None:
    first = export(scored_shop, "fit", tmp_path / "first", at_most=50)
    export(scored_shop, "fit", tmp_path / "second", at_most=50)
    users = read(tmp_path / "first" / "users.parquet")
    assert users == read(tmp_path / "second" / "users.parquet")
    assert (first.users, first.users_with_history) == (50, 50)
    labelled = {user for user, _ in read(tmp_path / "first" / "labels.parquet")}
    assert labelled == {user for user, _ in users}


def test_tags_are_categories_and_no_brands(scored_shop: Project, tmp_path: Path) -> None:
    with scored_shop.connection() as connection:
        rows = export_tags(connection, tmp_path)
    tags = {tag for _, tag in read(tmp_path / "tags.parquet")}
    assert rows == len(read(tmp_path / "tags.parquet")) > 0
    assert not any(tag.startswith("brand: ") for tag in tags)
    assert any(
        tag.startswith("brand: ")
        for (tag,) in scored_shop.rows("select distinct tag from intermediate.product_tags")
    )


def test_a_history_is_read_by_position(split: Split) -> None:
    history = read_history(split.folder)
    assert history.user_keys.tolist() == [1, 2, 9]
    assert history.product_keys.tolist() == [10, 11, 12]
    assert history.user.tolist() == [0, 1, 1, 2]
    assert history.product.tolist() == [0, 0, 1, 2]
    assert history.weight.tolist() == pytest.approx([1, 1, 0.2, 1])
    positions, tags = history.tags
    assert (positions.tolist(), tags.tolist()) == ([1], ["oats"])
    assert read_users(split.folder, history).tolist() == [0, 1]


def test_lists_are_written_by_key_and_in_the_peers_order(split: Split, tmp_path: Path) -> None:
    def shuffled(
        history: History, users: np.ndarray, *, k: int, threads: int, first: int
    ) -> Lists:
        assert (k, threads) == (20, 1)
        return Lists(user=np.array([1, 0, 1]), product=np.array([first, 1, 2 - first]))

    write_lists(
        shuffled,
        folder=split.folder,
        settings=[{"first": 2}, {"first": 0}],
        out=tmp_path / "lists.parquet",
        k=20,
        threads=1,
    )
    assert read(tmp_path / "lists.parquet") == [
        (0, 2, 12, 1),
        (0, 1, 11, 1),
        (0, 2, 10, 2),
        (1, 2, 10, 1),
        (1, 1, 11, 1),
        (1, 2, 12, 2),
    ]


def test_products_of_the_history_leave_no_gap_in_a_list(split: Split, tmp_path: Path) -> None:
    evaluation = Evaluation(split)
    lists = [(0, 2, 10, 1), (0, 2, 12, 3), (0, 2, 11, 2), (0, 1, 10, 1), (0, 1, 12, 5)]
    evaluation.add("peer", lists_of(tmp_path / "lists.parquet", lists))
    assert evaluation.connection.execute(
        "select user_key, product_key, rank from lists order by all"
    ).fetchall() == [(1, 12, 1), (2, 12, 1)]


def test_lists_are_cut_and_repeats_count_once(split: Split, tmp_path: Path) -> None:
    evaluation = Evaluation(split)
    lists = [(0, 1, 100 + position // 2, position) for position in range(60)]
    evaluation.add("peer", lists_of(tmp_path / "lists.parquet", lists))
    assert evaluation.connection.execute(
        "select product_key, rank from lists order by rank"
    ).fetchall() == [(100 + rank - 1, rank) for rank in range(1, 21)]


def test_who_has_no_history_is_a_miss_for_a_peer(split: Split, tmp_path: Path) -> None:
    evaluation = Evaluation(split)
    evaluation.add("peer", lists_of(tmp_path / "a.parquet", [(0, 1, 11, 1), (0, 2, 12, 1)]))
    evaluation.add("half", lists_of(tmp_path / "b.parquet", [(0, 1, 12, 1), (0, 1, 11, 2)]))
    peer, half = evaluation.figures().values()
    assert peer.ndcg == pytest.approx(2 / 3)
    assert peer.recall == pytest.approx(2 / 3)
    assert peer.warm_ndcg == pytest.approx(1)
    assert peer.coverage == pytest.approx(2 / 3)
    assert half.ndcg == pytest.approx(1 / np.log2(3) / 3)
    assert half.warm_ndcg == pytest.approx(1 / np.log2(3) / 2)


def test_the_best_setting_is_the_first_of_the_highest(split: Split, tmp_path: Path) -> None:
    lists = lists_of(
        tmp_path / "lists.parquet", [(0, 1, 12, 1), (1, 1, 11, 1), (2, 2, 12, 1), (2, 1, 12, 1)]
    )
    number, values = best_setting(split, lists, 4)
    assert number == 1
    assert values == pytest.approx([0, 1 / 3, 1 / 3, 0])


def test_ease_is_that_of_the_paper() -> None:
    """Against the formula in doubles, with a general inverse."""
    draw = np.random.default_rng(1)
    reviews = draw.random((40, 9)) < 0.3
    user, product = np.nonzero(reviews)
    history = History(
        user_keys=np.arange(40),
        product_keys=np.arange(9),
        user=user,
        product=product,
        weight=np.ones(len(user), dtype=np.float32),
        epoch=np.zeros(len(user), dtype=np.int64),
        tags=(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.str_)),
    )
    inverse = np.linalg.inv(reviews.T.astype(float) @ reviews + 5 * np.eye(9))
    weights = np.eye(9) - inverse / np.diag(inverse)
    scores = np.where(reviews, -np.inf, reviews @ weights)
    best = [
        (user, product)
        for user in (7, 3)
        for product in np.argsort(-scores[user])[:4]
        if not reviews[user, product]
    ]
    lists = ease(history, np.array([7, 3]), k=4, threads=1, regularization=5)
    assert list(zip(lists.user, lists.product, strict=True)) == best


def test_figures_that_do_not_come_out_again_are_refused() -> None:
    require_equal("ranker", 0.05, 0.05)
    with pytest.raises(RankmartError, match=r"NDCG@10 of popular is 0\.050000"):
        require_equal("popular", 0.05, 0.0501)


def measured(command: str, out: Path) -> dict[str, float]:
    """By a process of its own, as comparisons do: this one's memory would count as a child's."""
    measure = ROOT / "benchmarks" / "peers" / "measure.py"
    subprocess.run([sys.executable, "-S", measure, out, sys.executable, "-c", command], check=True)
    return json.loads(out.read_text(encoding="utf-8"))


def test_the_published_generators_own_list_is_no_other_generator() -> None:
    ndcg = {"next_by_score": 0.4, "next": 0.3, "recent": 0.2, "popular": 0.1}
    told = {
        "published_model": "next",
        "models": dict.fromkeys(ndcg),
        "seconds": {"total": 1.0},
        "peak_memory_mb": 1,
    }
    figures = {
        model: Figures(ndcg=value, recall=0, coverage=0, warm_ndcg=0)
        for model, value in ndcg.items()
    }
    assert list(_rankmart_models(told, figures)) == [
        "Rankmart next",
        "Rankmart recent",
        "Rankmart popular",
    ]


def test_time_memory_and_exit_code_are_those_of_the_command(tmp_path: Path) -> None:
    run = measured("import time; x = b'1' * 300_000_000; time.sleep(0.3)", tmp_path / "run.json")
    assert run["exit_code"] == 0
    assert run["seconds"] > 0.3
    assert 280 < run["peak_memory_mb"] < 400
    idle = measured("raise SystemExit(5)", tmp_path / "idle.json")
    assert idle["exit_code"] == 5
    assert idle["peak_memory_mb"] < 40


def test_every_peer_has_a_name_of_its_own_and_settings_to_choose_from() -> None:
    assert len({peer.name for peer in PEERS}) == len(PEERS)
    for peer in PEERS:
        assert len(peer.grid) == len({json.dumps(setting) for setting in peer.grid}) > 1
        module, _, name = peer.function.partition(":")
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert f"\ndef {name}(" in source


def test_a_job_that_is_reused_must_be_there_and_of_the_protocol(tmp_path: Path) -> None:
    def reuse() -> None:
        compare(
            reviews="",
            products=None,
            protocol="leave_last_out",
            name="",
            scratch=tmp_path,
            python=Path(sys.executable),
            job=tmp_path,
        )

    with pytest.raises(RankmartError, match=r"no figures at .*benchmark\.json"):
        reuse()
    (tmp_path / "benchmark.json").write_text('{"protocol": "temporal"}', encoding="utf-8")
    with pytest.raises(RankmartError, match="another protocol"):
        reuse()


@pytest.fixture(scope="module")
def comparison(small_shop: DemoData, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Rankmart and a toy peer on the small shop, as two processes do it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        return compare(
            reviews=str(small_shop.reviews_path),
            products=str(small_shop.products_path),
            protocol="temporal",
            name="small shop",
            scratch=tmp_path_factory.mktemp("peers"),
            peers=[TOY],
            python=Path(sys.executable),
            tune_users=100,
        )


def test_a_toy_peer_is_compared_end_to_end(comparison: dict[str, Any]) -> None:
    models = comparison["models"]
    toy = models["toy popular"]
    assert toy["tuning"]["best"] == {"power": 1}
    assert [tried["settings"] for tried in toy["tuning"]["tried"]] == list(TOY.grid)
    assert models["Rankmart ranker"]["ndcg_at_10"] > toy["ndcg_at_10"] > 0
    # Popularity is the same everywhere, but for those whom the peer does not know.
    popular = models["Rankmart popular"]
    assert toy["ndcg_at_10_with_history"] == pytest.approx(
        popular["ndcg_at_10_with_history"], rel=0.15
    )
    assert toy["seconds"] > 0
    assert toy["peak_memory_mb"] > 20
    assert comparison["versions"]["numpy"] == np.__version__


def test_the_table_has_every_model_best_first(comparison: dict[str, Any]) -> None:
    text = markdown(comparison)
    values = [float(row) for row in re.findall(r"^\| [^|]+ \| (0\.\d{4}) \|", text, re.MULTILINE)]
    assert len(values) == len(comparison["models"]) >= 4
    assert values == sorted(values, reverse=True)
    assert "| toy popular | power 1 | 2 | 0." in text
    assert text.startswith("### small shop, temporal\n")


def test_the_table_on_a_page_is_replaced_and_nothing_else(
    comparison: dict[str, Any], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n", encoding="utf-8")
    write_docs(page, comparison)
    write_docs(page, {**comparison, "protocol": "leave_last_out"})
    both = page.read_text(encoding="utf-8")
    assert both.startswith("# Page\n\n<!-- peers: small shop, temporal -->\n### small shop, temp")
    assert both.endswith(f"{END}\n")
    page.write_text(f"{both}\nAfter.\n", encoding="utf-8")
    write_docs(page, comparison)
    assert page.read_text(encoding="utf-8") == f"{both}\nAfter.\n"
    renamed = {**comparison, "machine": {"cores": 64, "memory_gb": 8, "load": 0.2}}
    write_docs(page, renamed)
    changed = page.read_text(encoding="utf-8")
    assert changed.count("Measured on 64 cores and 8 GB, at a load of 0.2 when") == 1
    assert changed.count("<!-- peers: ") == changed.count(END) == 2


def test_a_page_without_the_end_of_a_table_is_left_alone(
    comparison: dict[str, Any], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- peers: small shop, temporal -->\nold\n", encoding="utf-8")
    with pytest.raises(RankmartError, match="end of peers"):
        write_docs(page, comparison)
    assert page.read_text(encoding="utf-8").endswith("old\n")
    with pytest.raises(RankmartError, match="no page"):
        write_docs(tmp_path / "other.md", comparison)


def test_an_unknown_peer_is_named_with_those_there_are() -> None:
    finished = CliRunner().invoke(main, ["--reviews", "x.csv", "--only", "surprise"])
    assert finished.exit_code == 1
    assert "no peer 'surprise': there are implicit BM25" in finished.output


def test_a_peer_that_fails_is_named(
    split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    broken = Peer(name="broken", function="toy_peers:failing", grid=[{}])
    with pytest.raises(RankmartError, match="broken ended with exit code 1"):
        _run_peer(broken, [{}], split, tmp_path / "lists.parquet", Path(sys.executable))
