"""Too little to learn from: a message, or the best baseline; never a traceback."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from project import Finished, Project

DAY = 86_400
START = 1_577_836_800
HEADER = "user_id,product_id,timestamp,rating\n"


def log(users: int, products: int, *, days_apart: int = 1) -> str:
    """Every user reviews every product but one; each review comes days after the one before."""
    return HEADER + "".join(
        f"u{user},p{product},{START + (product * users + user) * days_apart * DAY},5\n"
        for product in range(products)
        for user in range(users)
        if products == 1 or product != user % products
    )


CASES: dict[str, tuple[str, str]] = {
    "one review": (log(1, 1), "temporal"),
    "one user": (log(1, 6), "temporal"),
    "one product": (log(6, 1), "temporal"),
    "equal times": (log(8, 5, days_apart=0), "temporal"),
    "equal times, last left out": (log(8, 5, days_apart=0), "leave_last_out"),
    "no line accepted": (
        HEADER + "u1,p1,yesterday,5\nu2,p2,today,5\nu3,p1,1577836800,9\n",
        "temporal",
    ),
    "few users": (log(12, 5), "temporal"),
}


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    made = {}
    for name, (reviews, protocol) in CASES.items():
        scratch = tmp_path_factory.mktemp("small")
        (scratch / "reviews.csv").write_text(reviews)
        made[name] = Project(scratch, reviews=scratch / "reviews.csv", protocol=protocol)
    return made


@pytest.fixture(scope="module")
def ended(projects: dict[str, Project]) -> dict[str, tuple[Finished, Finished]]:
    """How `dbt run` and `rankmart score` ended in each case; two at a time."""

    def run(name: str) -> tuple[Finished, Finished]:
        return projects[name].dbt(), projects[name].rankmart("score")

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(CASES, pool.map(run, CASES), strict=True))


Ended = dict[str, tuple[Finished, Finished]]


@pytest.mark.parametrize("name", CASES)
def test_dbt_run_ends_well(ended: Ended, projects: dict[str, Project], name: str) -> None:
    ended[name][0].succeeded()
    assert projects[name].value("select max(abs(unaccounted_lines)) from reading_report") == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one review", "users: 1, products: 1. Recommending needs at least two of each"),
        ("one user", "users: 1, products: 5. Recommending needs at least two of each"),
        ("one product", "users: 6, products: 1. Recommending needs at least two of each"),
        ("no line accepted", "no review was accepted: 2 were rejected with 'time is not a number"),
        ("equal times", "every review has the same time"),
        ("equal times", "RANKMART_PROTOCOL=leave_last_out dbt run"),
    ],
)
def test_score_says_what_lacks(
    ended: Ended, projects: dict[str, Project], name: str, words: str
) -> None:
    message = ended[name][1].failed_plainly()
    assert message.startswith("Error: ")
    assert words in message
    assert not projects[name].published.exists()


@pytest.mark.parametrize("name", ["few users", "equal times, last left out"])
def test_with_too_few_users_for_a_ranker_the_best_baseline_is_published(
    ended: Ended, projects: dict[str, Project], name: str
) -> None:
    finished = ended[name][1].succeeded()
    assert "too few users with a label to train a ranker on" in finished.in_words()
    project = projects[name]
    [(model, verdict, run_id)] = project.rows("select model, verdict, run_id from ranker.runs")
    values = dict(
        project.rows(
            "select model, value from ranker.evaluation"
            " where segment = 'all' and metric = 'ndcg' and k = 10"
        )
    )
    assert "ranker" not in values
    assert project.rows("from ranker.evaluation_differences") == []
    # There is no products file, so no tags.
    metrics = {metric for (metric,) in project.rows("select metric from ranker.evaluation")}
    assert "novelty" in metrics
    assert "intra_list_diversity" not in metrics
    assert values[model] >= values["popular"]
    assert verdict == "published"
    assert project.current_run == run_id
