"""`rankmart completion`."""

import click

INSTALL = {
    "bash": """eval "$(rankmart completion bash)\"""",
    "zsh": """eval "$(rankmart completion zsh)\"""",
    "fish": "rankmart completion fish | source",
}
FILES = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc, after compinit",
    "fish": "~/.config/fish/config.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(*, shell: str) -> None:
    """Print a script with which Tab completes commands, options, sets, users and runs.

    The last lines say how to install it: bash (4.4 or later), zsh or fish.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, shell
    main = click.get_current_context().find_root().command
    script = kind(main, {}, "rankmart", "_RANKMART_COMPLETE").source()
    click.echo(script.rstrip("\n"))
    click.echo(f"\n# To install it, put this line into {FILES[shell]}:\n#   {INSTALL[shell]}")
