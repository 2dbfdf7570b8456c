"""`rankmart download`."""

from pathlib import Path

import click

from rankmart.commands.completing import complete_dataset


@click.command()
@click.argument("name", required=False, shell_complete=complete_dataset)
@click.option("--list", "list_sets", is_flag=True, help="List the sets, and download nothing.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="The files go into a folder of the set's name in this one.",
)
@click.option(
    "--subset",
    type=click.Choice(["5-core", "full", "ratings"]),
    help="Of users and products with five reviews, all, or ratings alone."
    "  [default: the first that --list names]",
)
@click.option("--no-products", is_flag=True, help="Leave the file of products out.")
@click.option("--no-checksum", is_flag=True, help="Take a file whose checksum is another.")
@click.option("--force", is_flag=True, help="Download again what is there already.")
def download(
    *,
    name: str | None,
    list_sets: bool,
    out: Path,
    subset: str | None,
    no_products: bool,
    no_checksum: bool,
    force: bool,
) -> None:
    """Download a public set of reviews, such as 2014-beauty.

    What broke off goes on where it was when the command is run again.
    """
    from rankmart.download import dataset_list, dataset_named
    from rankmart.download import download as download_set
    from rankmart.show import table

    if list_sets:
        click.echo(table(["name", "reviews", "subsets", "what it is"], dataset_list()))
        return
    if name is None:
        raise click.UsageError("Name a set, such as 2014-beauty; --list has all.")
    dataset = dataset_named(name, checksums=not no_checksum)
    done = download_set(dataset, out, subset=subset, products=not no_products, force=force)
    click.echo(f"Next:\n\n{done.next_steps()}")
