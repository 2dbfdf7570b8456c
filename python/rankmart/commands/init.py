"""`rankmart init`."""

from pathlib import Path

import click


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False
)
@click.option("--force", is_flag=True, help="Add the files that are missing, change no other.")
@click.option(
    "--upgrade",
    is_flag=True,
    help="Bring the files that you have not changed to the installed version.",
)
def init(*, folder: Path, force: bool, upgrade: bool) -> None:
    """Write a project folder: the dbt project, a Makefile, settings; by default here."""
    from importlib.metadata import version

    from rankmart import project_folder
    from rankmart.project_files import shipped_files

    if force and upgrade:
        raise click.UsageError("--force and --upgrade are two things: give one of them")
    installed = version("rankmart")
    shipped = shipped_files()
    do = project_folder.begin
    if force or upgrade:
        do = project_folder.add_missing if force else project_folder.upgrade
    changes = do(folder, shipped, version=installed)
    for name in changes.kept_from_new:
        new = shipped.get(name)
        advice = f"compare: diff {folder / name} {new}" if new else "this version has none"
        click.echo(f"Yours, and other in this version: {name}; {advice}")
    for what, names in (
        ("Yours, so kept", changes.kept),
        ("Deleted by you, so left out", changes.left_out),
        ("No more in this version, so removed", changes.removed),
    ):
        for name in names:
            click.echo(f"{what}: {name}")
    click.echo(
        f"{folder.resolve()} is a project of Rankmart {installed}: {len(changes.written)} files"
        f" written, {len(changes.replaced)} replaced."
    )
    if not upgrade:
        click.echo("Next, there: `rankmart demo-data` and README.md, or `make demo`.")
