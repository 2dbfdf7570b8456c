"""Numbers that pages state in words are those of the code."""

from project import ROOT
from rankmart.bootstrap import RESAMPLES
from rankmart.doctor.machine import NEEDED
from rankmart.download.datasets import datasets
from rankmart.evaluate import DEFAULT_KS, METRICS
from rankmart.gate import MARGIN
from rankmart.judged import SEGMENT_K
from rankmart.plans import plan_for
from rankmart.segments import NEW_DAYS, SEGMENTS
from rankmart.settings import Settings
from rankmart.train import FEWEST_USERS

from .pages import first_column, page, rows, section

IN_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 10: "ten"}


def test_the_explanation_has_the_numbers_of_the_code() -> None:
    text = " ".join(page("docs/explanation.md").split())
    assert f"with fewer than {FEWEST_USERS} of them there is no ranker" in text
    assert f"above that of `popular` by {MARGIN:.0%} or more".replace("%", " %") in text


def test_the_reference_and_the_explanation_have_the_numbers_of_the_evaluation() -> None:
    reference, explanation = (
        " ".join(page(f"docs/{name}.md").split()) for name in ("reference", "explanation")
    )
    assert f"the users are drawn {RESAMPLES:,} times" in reference
    assert f"with replacement, {RESAMPLES:,} times" in explanation
    assert f"first saw within {NEW_DAYS} days before its cut-off" in reference
    ks = " and ".join(", ".join(map(str, DEFAULT_KS)).rsplit(", ", 1))
    assert f"has k = {ks} for the segment `all`, and {SEGMENT_K} for the others" in reference


def test_every_metric_and_segment_is_in_the_reference_in_order() -> None:
    documented = first_column(section(page("docs/reference.md"), "## Metrics"))
    assert documented == [*METRICS, *SEGMENTS]


def test_the_readme_tells_how_many_analyses_there_are() -> None:
    count = len(list((ROOT / "dbt_project" / "analyses").glob("*.sql")))
    assert f"{IN_WORDS[count].capitalize()} such queries are in" in page("README.md")


def test_the_how_to_tells_how_many_snapshots_are_kept() -> None:
    text = page("docs/how-to/runs.md")
    assert f"The last {IN_WORDS[Settings().keep_runs]} snapshots are kept" in text


def test_the_explanation_tells_how_the_ranker_is_trained() -> None:
    text = section(page("docs/explanation.md"), "## How the ranker is trained")
    table = rows(text)
    starts = [int(row[0].split(" ")[0].replace(",", "")) for row in table]
    assert starts[0] == FEWEST_USERS
    ends = [start - 1 for start in starts[1:]] + [10 * starts[-1]]
    for (_, tried, held_out, then), *users in zip(table, starts, ends, strict=True):
        for plan in (plan_for(count, ()) for count in users):
            assert len(tried.split("; ")) == len(plan.objectives), tried
            of = "each once" if len(plan.folds) == plan.of else f"of {IN_WORDS[plan.of]}"
            assert held_out.startswith(f"{IN_WORDS[len(plan.folds)]} fold"), held_out
            assert held_out.endswith(of), held_out
            assert then.startswith("everyone") == plan.fit_again, then
            again = f"{IN_WORDS[plan.draws]} times, with others drawn"
            assert (again in then) == plan.fit_again, then
            assert ("," in then) == plan.fit_again, then
            assert (plan.wrong_answers == 0.3) == ("three tenths of the others" in text)


def test_the_how_to_tells_how_many_public_sets_there_are() -> None:
    text = page("docs/how-to/download.md")
    for year in ("2014", "2018", "2023"):
        count = sum(name.startswith(year) for name in datasets())
        assert f"`{year}-…`, {count} categories" in text


def test_the_how_to_tells_how_much_room_the_doctor_asks_for() -> None:
    assert f"room for {NEEDED} times the files as text" in page("docs/how-to/troubleshoot.md")
