"""Numbers that pages state in words are those of the code."""

from rankmart.gate import MARGIN
from rankmart.settings import Settings
from rankmart.train import FEWEST_USERS

from .pages import page


def test_the_explanation_has_the_numbers_of_the_code() -> None:
    text = " ".join(page("docs/explanation.md").split())
    assert f"with fewer than {FEWEST_USERS} of them there is no ranker" in text
    assert f"above that of `popular` by {MARGIN:.0%} or more".replace("%", " %") in text
    assert f"| {FEWEST_USERS} to 999 |" in text


def test_the_how_to_tells_how_many_snapshots_are_kept() -> None:
    in_words = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}
    text = page("docs/how-to.md")
    assert f"The last {in_words[Settings().keep_runs]} snapshots are kept" in text
