"""Real Amazon reviews through the whole job, where they are kept beside the repository.

RANKMART_REAL_DATA names their folder (default: ../shared/data). RANKMART_SLOW=1 adds the full
runs of the two large sets, which take minutes; otherwise they are read whole, and of the ratings
of electronics those are scored whose users have several.
"""

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from project import ROOT, Project

DATA = Path(os.environ.get("RANKMART_REAL_DATA") or ROOT.parent / "shared" / "data")

pytestmark = [
    pytest.mark.long,
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data at {DATA}"),
]

REPORT = (
    "select source_form, lines_read, accepted_lines + duplicate_lines + rejected_lines,"
    " unaccounted_lines from reading_report"
)
COUNTS = "select count(distinct user_key), count(distinct product_key), count(*) from interactions"
NDCG = (
    "select model, value from ranker.evaluation"
    " where segment = 'all' and metric = 'ndcg' and k = 10"
)

# By set, the slowest first: its reviews, its products; the form, the lines, and how many users
# and products have an accepted review (two lines of the Kaggle file have no stars).
SETS: dict[str, tuple[str, str, tuple[str, int, int, int]]] = {
    "electronics-ratings-head": (
        "ratings_Electronics.csv",
        "",
        ("ratings_2014", 50_698, 47_141, 3_529),
    ),
    "musical-instruments-2014": (
        "Musical_Instruments_5.json.gz",
        "products.csv",
        ("ucsd_2014", 10_261, 1_429, 900),
    ),
    "fine-foods-head": ("Reviews.csv", "", ("kaggle_fine_foods", 5_003, 4_805, 731)),
    "all-beauty-2018": ("All_Beauty_5.json.gz", "", ("ucsd_2018", 5_269, 991, 85)),
}
SLOW = os.environ.get("RANKMART_SLOW") == "1"

# Scoring takes as long as there are users, and of these 47,141 all but 2,197 have one rating.
SCORED_IN_PART = () if SLOW else ("electronics-ratings-head",)


def project_of(name: str, scratch: Path) -> Project:
    reviews, products, _ = SETS[name]
    folder = DATA / name
    return Project(
        scratch, reviews=folder / reviews, products=folder / products if products else ""
    )


def of_users_with_more_than_one(ratings: Path, scratch: Path) -> Path:
    """The lines of a file without a header, of those users who have several."""
    lines = ratings.read_text("utf-8").splitlines(keepends=True)
    counts = Counter(line.split(",")[0] for line in lines)
    part = scratch / ratings.name
    part.write_text("".join(line for line in lines if counts[line.split(",")[0]] > 1), "utf-8")
    return part


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """Every set, built and scored, two at a time."""

    def run(name: str) -> Project:
        project = project_of(name, scratches[name])
        if name in SCORED_IN_PART:
            part = of_users_with_more_than_one(Path(project.reviews), project.scratch)
            project = replace(project, reviews=part)
        return project.built_and_scored()

    scratches = {name: tmp_path_factory.mktemp(name) for name in SETS}
    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(SETS, pool.map(run, SETS), strict=True))


@pytest.fixture(scope="module", params=SETS)
def scored(request: pytest.FixtureRequest, projects: dict[str, Project]) -> Project:
    return projects[request.param]


@pytest.mark.parametrize("name", SETS)
def test_every_line_user_and_product_is_there(
    projects: dict[str, Project], name: str, tmp_path: Path
) -> None:
    """Every line is accounted for. Products count with their variants."""
    project = projects[name]
    if name in SCORED_IN_PART:
        project = project_of(name, tmp_path)
        project.dbt("--select", "+reading_report", "+reviews").succeeded()
    form, lines, users, products = SETS[name][2]
    assert project.rows(REPORT) == [(form, lines, lines, 0)]
    assert project.value("select count(distinct user_id) from reviews") == users
    assert project.value("select count(distinct product_id) from reviews") == products


def test_a_run_is_published_that_is_not_below_popular(scored: Project) -> None:
    [(run_id, model, verdict)] = scored.rows("select run_id, model, verdict from ranker.runs")
    assert (verdict, scored.current_run) == ("published", run_id)
    ndcg = dict(scored.rows(NDCG))
    assert ndcg[model] >= ndcg["popular"] > 0


def test_everyone_has_a_list_without_what_they_have(scored: Project) -> None:
    users = scored.value("select count(*) from users")
    assert (
        scored.value("select count(distinct user_id) from ranker.recommendations") > 0.99 * users
    )
    assert (
        scored.rows(
            "select * from ranker.recommendations"
            " inner join interactions using (user_id, product_id)"
        )
        == []
    )


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("fine-foods-head", 0.9, 1),
        ("all-beauty-2018", 0.9, 1),
        ("musical-instruments-2014", 0.9, 1),  # by their titles
        ("electronics-ratings-head", 0, 0),
    ],
)
def test_products_that_something_is_said_of_have_terms(
    projects: dict[str, Project], name: str, least: float, most: float
) -> None:
    share = projects[name].value(
        "select count(terms) / count(*) from products where product_key is not null"
    )
    assert least <= share <= most


@pytest.mark.parametrize(("name", "least"), [("fine-foods-head", 0.9), ("all-beauty-2018", 0.7)])
def test_words_tell_good_from_bad_reviews_that_came_later(
    projects: dict[str, Project], name: str, least: float
) -> None:
    """The share of pairs, of a good and a bad review after the history of `fit`, in order."""
    sentiments = projects[name].rows(
        "select reviews.rating >= 4, sentiments.sentiment"
        " from intermediate.review_sentiments as sentiments"
        " inner join reviews using (review_id)"
        " anti join (select review_id from intermediate.histories where split = 'fit')"
        " using (review_id)"
        " where reviews.rating >= 4 or reviews.rating <= 2"
    )
    good = [value for is_good, value in sentiments if is_good]
    bad = [value for is_good, value in sentiments if not is_good]
    assert len(bad) > 30
    in_order = sum((one > other) + 0.5 * (one == other) for one in good for other in bad)
    assert in_order / (len(good) * len(bad)) > least


@pytest.fixture(scope="module")
def beauty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = DATA / "amazon-beauty-2014"
    return Project(
        tmp_path_factory.mktemp("beauty"),
        reviews=folder / "reviews.csv.gz",
        products=folder / "products.csv",
    )


def test_the_large_set_is_read_whole(beauty: Project) -> None:
    beauty.dbt("--select", "+reading_report", "+interactions").succeeded()
    assert beauty.rows(REPORT) == [("minimal", 198_502, 198_502, 0)]
    assert beauty.rows(COUNTS) == [(22_363, 12_101, 198_502)]
    assert beauty.value("select count(*) from interactions where not is_positive") == 0


@pytest.mark.skipif(not SLOW, reason="takes minutes: set RANKMART_SLOW=1 to run it")
@pytest.mark.parametrize(
    ("protocol", "ndcg", "times_the_best_generator"),
    [("leave_last_out", 0.070, 1.0), ("temporal", 0.050, 1.3)],
)
def test_the_large_set_is_ranked_as_well_as_promised(
    beauty: Project, protocol: str, ndcg: float, times_the_best_generator: float
) -> None:
    """The figures of the README; so are the time and the memory, which need an idle machine."""
    finished = beauty.rankmart(
        *("benchmark", "--project", str(ROOT), "--protocol", protocol),
        *("--reviews", str(beauty.reviews), "--products", str(beauty.products)),
    ).succeeded()
    figures = json.loads(finished.stdout)
    values = {model: of_model["ndcg_at_10"] for model, of_model in figures["models"].items()}
    ranker = values.pop("ranker")
    assert ranker >= ndcg
    assert ranker > max(values.values())
    assert ranker >= times_the_best_generator * max(values.values())
    assert figures["seconds"]["total"] < 240
    assert figures["peak_memory_mb"] < 6 * 1024
