"""Kinds of interactions after which a user is through with a product, as dbt's `is_settled` says.

What somebody only looked at may be recommended again.
"""

SETTLED_EVENTS = ("purchase", "rating", "dismiss")
SETTLED = ("review", *SETTLED_EVENTS)
