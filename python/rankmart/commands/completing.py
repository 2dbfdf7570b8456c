"""What Tab offers for arguments: only what is found at once, and nothing where that fails."""

import click
from click.shell_completion import CompletionItem

AT_MOST = 30


def complete_dataset(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Names of public sets."""
    from rankmart.download.datasets import datasets

    return [
        CompletionItem(name, help=dataset.about)
        for name, dataset in datasets().items()
        if name.startswith(begun)
    ]


def complete_run(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Runs whose snapshots are kept, and the one that was scored last."""
    latest = [CompletionItem("latest")] if "latest".startswith(begun) else []
    return complete_kept_run(context, parameter, begun) + latest


def complete_kept_run(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Runs whose snapshots are kept."""
    from rankmart.errors import RankmartError
    from rankmart.settings import Settings

    try:
        published = Settings.from_environment().published
    except RankmartError:
        return []
    runs = sorted(path.stem for path in published.glob("[!.]*.duckdb"))
    return [CompletionItem(run) for run in runs if run.startswith(begun)]


def complete_user(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Users with a list in the published snapshot."""
    return _from_snapshot(
        "select user_id from recommendation_lists where starts_with(user_id, ?)"
        f" order by user_id limit {AT_MOST}",
        [begun],
    )


def complete_product(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Products in the list of the user who is named before."""
    return _from_snapshot(
        """
        select item.product_id from (
            select unnest(from_json(items, '[{"product_id": "varchar"}]')) as item
            from recommendation_lists where user_id = ?
        ) where starts_with(item.product_id, ?)
        """,
        [context.params.get("user_id"), begun],
    )


def _from_snapshot(sql: str, parameters: list[str | None]) -> list[CompletionItem]:
    import duckdb

    from rankmart.errors import RankmartError
    from rankmart.publish import current_run, snapshot_path
    from rankmart.settings import Settings

    try:
        published = Settings.from_environment().published
        run = current_run(published)
        if run is None:
            return []
        with duckdb.connect(snapshot_path(published, run), read_only=True) as connection:
            rows = connection.execute(sql, parameters).fetchall()
    except (RankmartError, duckdb.Error):
        # Tab has no place for a complaint; the command itself will tell.
        return []
    return [CompletionItem(value) for (value,) in rows]
