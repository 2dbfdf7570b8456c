"""Which variant of an experiment a user is in now."""

import time

from rankmart.experiments import Experiment, Variant, assigned
from rankmart_serving.snapshots import Reading

A_DAY = 86400


def assigned_now(reading: Reading, user_id: str) -> tuple[Experiment, Variant] | None:
    """The experiment of the run that a user is in today (UTC), and the variant."""
    if not reading.experiments:
        return None
    return assigned(reading.experiments, user_id, int(time.time() // A_DAY))


def generator_now(reading: Reading, user_id: str) -> str | None:
    """The generator whose lists an experiment gives to the user today."""
    found = assigned_now(reading, user_id)
    return None if found is None else found[1].generator
