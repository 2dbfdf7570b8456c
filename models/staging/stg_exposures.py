"""What was shown under experiments, from the event store of the API."""

from rankmart.events import events_url
from rankmart.exposures import exposures_table


def model(dbt, session):
    """One row per answer and product in it."""
    dbt.config(materialized="table")
    return exposures_table(events_url())
