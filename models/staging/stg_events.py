"""What users did, from the event store of the API."""

from rankmart.events import events_table, events_url


def model(dbt, session):
    """One row per event, in the order in which they were stored."""
    dbt.config(materialized="table")
    return events_table(events_url())
