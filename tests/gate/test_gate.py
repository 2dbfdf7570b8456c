"""Which runs may replace the published one."""

import math
from dataclasses import replace

import pytest

from rankmart.gate import RunMetrics, judge


def run(
    ndcg: float,
    *,
    margin_of_error: float | None = 0.003,
    model: str = "ranker",
    protocol: str = "temporal",
) -> RunMetrics:
    if margin_of_error is None:
        return RunMetrics(model, protocol, ndcg, None, None)
    return RunMetrics(model, protocol, ndcg, ndcg - margin_of_error, ndcg + margin_of_error)


def test_the_first_run_needs_only_to_beat_popular() -> None:
    verdict = judge(run(0.05), 0.02, None)

    assert verdict.passed
    assert verdict.name == "published"
    assert verdict.reason == (
        "ranker beats popular by 5% or more: ndcg@10 0.05000, popular 0.02000, needed 0.02100; "
        "no current run to compare with"
    )


def test_the_ranker_must_beat_popular_by_the_margin() -> None:
    verdict = judge(run(0.0209), 0.02, None)  # 4.5 % above

    assert not verdict.passed
    assert verdict.name == "refused"
    assert verdict.reason == (
        "ranker does not beat popular by 5% or more: "
        "ndcg@10 0.02090, popular 0.02000, needed 0.02100"
    )


@pytest.mark.parametrize("popular", [0.02, 0.1, 0.3])
def test_exactly_the_margin_passes(popular: float) -> None:
    assert judge(run(round(popular * 1.05, 6)), popular, None).passed


def test_the_margin_is_a_knob() -> None:
    assert judge(run(0.0209), 0.02, None, margin=0.04).passed
    assert not judge(run(0.0209), 0.02, None, margin=0.1).passed


def test_the_ranker_must_be_above_popular_even_without_a_margin() -> None:
    assert not judge(run(0.02), 0.02, None, margin=0).passed
    assert not judge(run(0.0), 0.0, None).passed
    assert judge(run(0.01), 0.0, None).passed


def test_a_baseline_in_the_rankers_place_may_equal_popular() -> None:
    assert judge(run(0.02, model="popular"), 0.02, None).passed
    verdict = judge(run(0.0201, model="co_visited"), 0.02, None)

    assert verdict.passed
    assert verdict.reason.startswith(
        "co_visited in the ranker's place is not below popular: ndcg@10 0.02010, popular 0.02000"
    )


def test_a_baseline_below_popular_is_refused() -> None:
    verdict = judge(run(0.0199, model="co_visited"), 0.02, None)

    assert not verdict.passed
    assert verdict.reason == (
        "co_visited in the ranker's place is below popular: ndcg@10 0.01990, popular 0.02000"
    )


def test_a_fall_within_the_interval_of_the_difference_passes() -> None:
    # Half widths 0.003 and 0.004: √(0.003² + 0.004²) = 0.005.
    current = run(0.05, margin_of_error=0.004)

    verdict = judge(run(0.0451), 0.02, current)

    assert verdict.passed
    assert verdict.reason.endswith(
        "; not worse than the current run: ndcg@10 0.04510, current 0.05000, "
        "0.00500 less may be chance"
    )


def test_a_fall_beyond_the_interval_of_the_difference_is_refused() -> None:
    current = run(0.05, margin_of_error=0.004)

    # The two intervals still overlap: 0.0419 to 0.0479, and 0.0460 to 0.0540.
    verdict = judge(run(0.0449), 0.02, current)

    assert not verdict.passed
    assert verdict.reason == (
        "worse than the current run: ndcg@10 0.04490, current 0.05000, 0.00500 less may be chance"
    )


def test_a_fall_of_exactly_the_interval_passes() -> None:
    assert judge(run(0.045), 0.02, run(0.05, margin_of_error=0.004)).passed


def test_only_the_sides_that_face_each_other_count() -> None:
    # 0.003 up from the candidate, 0.004 down from the current run: √(0.003² + 0.004²) = 0.005,
    # whatever the far sides are.
    candidate = RunMetrics("ranker", "temporal", 0.040, 0.010, 0.043)
    for current_ndcg, passed in [(0.0449, True), (0.0451, False)]:
        current = RunMetrics(
            "ranker", "temporal", current_ndcg, current_ndcg - 0.004, current_ndcg + 0.02
        )

        verdict = judge(candidate, 0.02, current)

        assert verdict.passed is passed
        assert verdict.reason.endswith("0.00500 less may be chance")


def test_an_interval_beside_its_value_allows_nothing_on_that_side() -> None:
    candidate = RunMetrics("ranker", "temporal", 0.0449, 0.03, 0.0448)

    verdict = judge(candidate, 0.02, RunMetrics("ranker", "temporal", 0.045, 0.045, 0.05))

    assert not verdict.passed
    assert "0.00000 less may be chance" in verdict.reason


def test_a_better_run_passes_whatever_the_intervals() -> None:
    assert judge(run(0.0501, margin_of_error=0), 0.02, run(0.05, margin_of_error=0)).passed


def test_an_equal_run_passes() -> None:
    assert judge(run(0.05), 0.02, run(0.05)).passed
    assert judge(run(0.05, margin_of_error=0), 0.02, run(0.05, margin_of_error=0)).passed


def test_a_run_of_another_protocol_is_not_compared() -> None:
    verdict = judge(run(0.05), 0.02, run(0.5, protocol="leave_last_out"))

    assert verdict.passed
    assert verdict.reason.endswith(
        "not compared with the current run: its protocol is leave_last_out, not temporal"
    )


def test_another_protocol_does_not_excuse_from_beating_popular() -> None:
    assert not judge(run(0.02), 0.02, run(0.5, protocol="leave_last_out")).passed


def test_a_baseline_is_compared_with_the_current_ranker() -> None:
    assert not judge(run(0.03, model="co_visited"), 0.02, run(0.05)).passed


def test_a_ranker_behind_its_generators_does_not_replace_a_ranker() -> None:
    near = run(0.049, model="co_visited")
    behind = replace(near, ranker_behind=True)
    assert judge(near, 0.02, run(0.05)).passed
    refused = judge(behind, 0.02, run(0.05))
    assert not refused.passed
    assert "this one's ranker is below co_visited by more than chance" in refused.reason
    # Nothing better is published: the generator it is.
    assert judge(behind, 0.02, None).passed
    assert judge(behind, 0.02, run(0.05, model="next")).passed
    assert judge(behind, 0.02, run(0.05, protocol="leave_last_out")).passed


def test_a_run_with_a_single_user_is_not_compared() -> None:
    for candidate, current in [
        (run(0.05, margin_of_error=None), run(0.5)),
        (run(0.05), run(0.5, margin_of_error=None)),
    ]:
        verdict = judge(candidate, 0.02, current)

        assert verdict.passed
        assert verdict.reason.endswith("only one user was evaluated")


@pytest.mark.parametrize("model", ["ranker", "co_visited"])
def test_a_value_that_is_not_a_number_is_refused(model: str) -> None:
    assert not judge(run(math.nan, model=model), 0.02, None).passed
    assert not judge(run(0.05, model=model), math.nan, None).passed


def test_a_negative_margin_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"margin is -0\.1"):
        judge(run(0.05), 0.02, None, margin=-0.1)


def test_every_reason_is_one_line() -> None:
    candidates = [run(0.05), run(0.01), run(0.05, model="trending")]
    currents = [None, run(0.05), run(0.09), run(0.09, protocol="leave_last_out")]
    for candidate in candidates:
        for current in currents:
            assert "\n" not in judge(candidate, 0.02, current).reason
