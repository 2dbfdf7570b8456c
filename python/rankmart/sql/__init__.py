"""The SQL of scoring, evaluating and publishing, a file a query."""

from importlib import resources


def sql_text(name: str) -> str:
    """The text of `<name>.sql` beside this module."""
    return resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
