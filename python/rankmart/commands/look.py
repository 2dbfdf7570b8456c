"""`rankmart recommend` and `rankmart explain`: a published run, looked at by the user."""

import click

from rankmart.commands.completing import complete_product, complete_user


@click.command()
@click.argument("user_id", required=False, shell_complete=complete_user)
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True)
def recommend(*, user_id: str | None, k: int) -> None:
    """Show what is recommended to a user, and why; without an id, to some user."""
    from rankmart.settings import Settings
    from rankmart.show import recommendations_of

    click.echo(recommendations_of(Settings.from_environment(), user_id, k=k))


@click.command()
@click.argument("user_id", shell_complete=complete_user)
@click.argument("product_id", required=False, shell_complete=complete_product)
@click.option("--json", "as_json", is_flag=True, help="All features, as one JSON object.")
def explain(*, user_id: str, product_id: str | None, as_json: bool) -> None:
    """Show what a published recommendation is made of; without a product, the user's first."""
    from rankmart.explain import explain as explain_item
    from rankmart.explain import in_words
    from rankmart.settings import Settings

    explanation = explain_item(Settings.from_environment(), user_id, product_id)
    click.echo(explanation.as_json() if as_json else in_words(explanation))
