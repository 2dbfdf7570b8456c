"""Numbers that pages state in words are those of the code."""

from rankmart.gate import MARGIN
from rankmart.settings import Settings
from rankmart.train import FEWEST_USERS, _plan

from .pages import page, rows, section

IN_WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 10: "ten"}


def test_the_explanation_has_the_numbers_of_the_code() -> None:
    text = " ".join(page("docs/explanation.md").split())
    assert f"with fewer than {FEWEST_USERS} of them there is no ranker" in text
    assert f"above that of `popular` by {MARGIN:.0%} or more".replace("%", " %") in text


def test_the_how_to_tells_how_many_snapshots_are_kept() -> None:
    text = page("docs/how-to.md")
    assert f"The last {IN_WORDS[Settings().keep_runs]} snapshots are kept" in text


def test_the_explanation_tells_how_the_ranker_is_trained() -> None:
    table = rows(section(page("docs/explanation.md"), "## How the ranker is trained"))
    starts = [int(row[0].split(" ")[0].replace(",", "")) for row in table]
    assert starts[0] == FEWEST_USERS
    ends = [start - 1 for start in starts[1:]] + [10 * starts[-1]]
    for (_, tried, held_out, then), *users in zip(table, starts, ends, strict=True):
        for plan in map(_plan, users):
            assert len(tried.split("; ")) == len(plan.trials), tried
            of = "each once" if len(plan.folds) == plan.of else f"of {IN_WORDS[plan.of]}"
            assert held_out.startswith(f"{IN_WORDS[len(plan.folds)]} fold"), held_out
            assert held_out.endswith(of), held_out
            assert (then == "everyone") == plan.fit_again, then
