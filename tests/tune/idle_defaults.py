"""`rankmart`, but that the ranker's default parameters learn nothing: no leaf is heavy enough."""

from rankmart import tune
from rankmart.command_line import main
from rankmart.knobs import Bounds
from rankmart.plans import LOGISTIC

TOO_HEAVY = 1e5

if __name__ == "__main__":
    tune.SPACE["min_child_weight"] = Bounds(1.0, TOO_HEAVY, log=True)
    tune.default_objectives = lambda users: (LOGISTIC | {"min_child_weight": TOO_HEAVY},)
    main()
