"""The gate between a finished run and its publication."""

import math
from dataclasses import dataclass
from typing import Literal

RANKER = "ranker"

MARGIN = 0.05

# Metrics are exact to a billionth, so a smaller difference is none.
PRECISION = 1e-9


@dataclass(frozen=True)
class RunMetrics:
    """What the gate asks of a run: ndcg@10 of the model it would publish.

    `model` is 'ranker', or the name of the generator that is published in its place. `ci_low`
    and `ci_high` are None when a single user was evaluated. `ranker_behind` says of a generator
    that a ranker was trained, and is below it by more than chance.
    """

    model: str
    protocol: str
    ndcg: float
    ci_low: float | None
    ci_high: float | None
    ranker_behind: bool = False

    @property
    def is_baseline(self) -> bool:
        return self.model != RANKER

    @property
    def margins(self) -> tuple[float, float] | None:
        """From the value down and up to the ends of its interval; they need not be equal."""
        if self.ci_low is None or self.ci_high is None:
            return None
        return max(0.0, self.ndcg - self.ci_low), max(0.0, self.ci_high - self.ndcg)


@dataclass(frozen=True)
class Verdict:
    """Whether a run may be published, and why in one line."""

    passed: bool
    reason: str

    @property
    def name(self) -> Literal["published", "refused"]:
        return "published" if self.passed else "refused"


def judge(
    candidate: RunMetrics,
    popular: float,
    current: RunMetrics | None,
    *,
    margin: float = MARGIN,
) -> Verdict:
    """Decide whether a run may replace the one that is published.

    `popular` is the ndcg@10 of the popularity baseline on the users of `candidate`. The ranker
    must be above it, by `margin` of it or more. A baseline that is published in the ranker's
    place (too little data to train on, or the ranker did not beat it) must only not be below.

    `current` is the published run; None before the first. The candidate is refused when it is
    below by more than √(a² + b²), with a from its value up to the end of its 95 % interval, and b
    from the current value down to the end of that one: the limit of a difference between two
    independent measurements whose intervals need not be symmetric (Zou and Donner, Construction
    of confidence limits about effect measures, Statistics in Medicine 27, 2008). It refuses one
    in forty runs that are just as good. Asking the candidate's interval alone to reach the current
    value would forget that this value is uncertain too, and refuse one in twelve; asking only
    that the intervals overlap would let a fall pass that is 1.4 times as large. Two runs that
    share users differ less by chance, so the rule then refuses fewer good ones.

    Where the current run is a ranker's and the candidate's own ranker is surely below a generator,
    the candidate is refused even if that generator comes near: rankers don't fall behind what they
    choose from unless their labels or features are wrong, and the next run may heal that.

    There is no such comparison when the protocols differ, since the figures then measure different
    things, nor when one of the runs evaluated a single user and so has no interval. A value that
    is not a number passes nothing.
    """
    if not margin >= 0:
        raise ValueError(f"margin is {margin}: it must be 0 or more")
    against_popular = _against_popular(candidate, popular, margin=margin)
    if not against_popular.passed:
        return against_popular
    against_current = _against_current(candidate, current)
    if not against_current.passed:
        return against_current
    return Verdict(passed=True, reason=f"{against_popular.reason}; {against_current.reason}")


def beats_popular(ndcg: float, popular: float, *, margin: float = MARGIN) -> bool:
    """Whether a ranker is above the popularity baseline, by `margin` of it or more."""
    return ndcg > popular + PRECISION and ndcg >= popular * (1 + margin) - PRECISION


def _against_popular(candidate: RunMetrics, popular: float, *, margin: float) -> Verdict:
    figures = f"ndcg@10 {candidate.ndcg:.5f}, popular {popular:.5f}"
    if candidate.is_baseline:
        passed = candidate.ndcg >= popular - PRECISION
        finding = "not below popular" if passed else "below popular"
        return Verdict(
            passed=passed,
            reason=f"{candidate.model} in the ranker's place is {finding}: {figures}",
        )
    needed = popular * (1 + margin)
    passed = beats_popular(candidate.ndcg, popular, margin=margin)
    finding = "beats popular" if passed else "does not beat popular"
    return Verdict(
        passed=passed,
        reason=(
            f"{candidate.model} {finding} by {margin:.0%} or more: {figures}, needed {needed:.5f}"
        ),
    )


def _against_current(candidate: RunMetrics, current: RunMetrics | None) -> Verdict:
    if current is None:
        return Verdict(passed=True, reason="no current run to compare with")
    if candidate.protocol != current.protocol:
        return Verdict(
            passed=True,
            reason=(
                f"not compared with the current run: its protocol is {current.protocol}, "
                f"not {candidate.protocol}"
            ),
        )
    if candidate.ranker_behind and not current.is_baseline:
        return Verdict(
            passed=False,
            reason=(
                f"worse than the current run, which is a ranker's: this one's ranker is below"
                f" {candidate.model} by more than chance, so labels or features may be wrong"
            ),
        )
    if candidate.margins is None or current.margins is None:
        return Verdict(
            passed=True, reason="not compared with the current run: only one user was evaluated"
        )
    (_, up_from_candidate), (down_from_current, _) = candidate.margins, current.margins
    allowed = math.hypot(up_from_candidate, down_from_current)
    passed = not current.ndcg - candidate.ndcg > allowed + PRECISION
    finding = "not worse" if passed else "worse"
    return Verdict(
        passed=passed,
        reason=(
            f"{finding} than the current run: ndcg@10 {candidate.ndcg:.5f}, "
            f"current {current.ndcg:.5f}, {allowed:.5f} less may be chance"
        ),
    )
