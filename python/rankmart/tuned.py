"""The file in which `rankmart tune` leaves the parameters that the next scoring uses."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rankmart.errors import RankmartError
from rankmart.whole_files import write_whole

if TYPE_CHECKING:
    from rankmart.train import Parameters

OBJECTIVES = {"rank:ndcg", "rank:map", "rank:pairwise", "binary:logistic"}


def read_tuned(path: Path) -> "tuple[Parameters, ...]":
    """The objectives' parameters; none where there is no such file.

    Raises RankmartError for a file that is not what `rankmart tune` writes.
    """
    if not path.exists():
        return ()
    advice = f"delete {path}, or run `rankmart tune` again"
    try:
        objectives = json.loads(path.read_text(encoding="utf-8"))["objectives"]
        known = [one["objective"] in OBJECTIVES for one in objectives]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RankmartError(f"{path} holds no tuned parameters ({error!r}): {advice}") from error
    if not known or not all(known):
        raise RankmartError(f"{path} names an objective that ranks nothing: {advice}")
    return tuple(objectives)


def write_tuned(
    path: Path, objectives: "Sequence[Parameters]", *, value: float, default: float, trials: int
) -> None:
    """Objectives, with NDCG@10 on held-out fit users of them and of the defaults; whole or not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "objectives": list(objectives),
        "validation_ndcg_at_10": value,
        "default_ndcg_at_10": default,
        "trials": trials,
    }
    write_whole(path, json.dumps(content, indent=2) + "\n")
