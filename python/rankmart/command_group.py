"""How `rankmart` lists its commands and how it ends: a line for a fault, an exit code for all."""

import errno
import logging
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

logger = logging.getLogger(__name__)

FAULT = 1
INTERRUPTED = 130

EXIT_CODES = {
    0: "done",
    FAULT: "an error, told on one line; of `doctor`, a problem found",
    2: "wrong usage",
    3: "`score`, `publish`, `flow`: the run was refused, not published",
    INTERRUPTED: "stopped by Ctrl-C",
}

VARIABLES = {
    "RANKMART_REVIEWS": "file or glob of reviews",
    "RANKMART_PRODUCTS": "file of products, optional",
    "RANKMART_WAREHOUSE": "the DuckDB file that dbt builds",
    "RANKMART_PUBLISHED": "folder of published runs",
    "RANKMART_MEMORY_LIMIT": "DuckDB's memory limit",
    "RANKMART_THREADS": "threads to use; 0 for every core",
}


class CommandGroup(click.Group):
    """Commands in order of use, under headings; errors without a traceback.

    `headings` maps a heading to the commands below it; those that stand below none come last.
    """

    headings: Mapping[str, Sequence[str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        listed = [name for names in self.headings.values() for name in names]
        in_order = [name for name in listed if name in self.commands]
        return in_order + [name for name in self.commands if name not in listed]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        listed = {name for names in self.headings.values() for name in names}
        others = [name for name in self.commands if name not in listed]
        width = max(map(len, self.commands), default=0)
        for heading, names in [*self.headings.items(), ("More", others)]:
            rows = [
                (name.ljust(width), self.commands[name].get_short_help_str(limit=200))
                for name in names
                if name in self.commands
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Environment (docs/reference.md has all)"):
            formatter.write_dl(list(VARIABLES.items()))
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), text) for code, text in EXIT_CODES.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            _stop(ctx)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            # Only now: most commands end well, and need none of it.
            from rankmart.faults import in_one_line, is_interrupt

            if is_interrupt(error):
                _stop(ctx)
            verbose = bool(ctx.params.get("verbose"))
            if verbose:
                logger.debug("where it happened", exc_info=error)
            raise click.ClickException(in_one_line(error) or _bug(error, verbose)) from error


def _stop(ctx: click.Context) -> NoReturn:
    click.echo("Stopped.", err=True)
    ctx.exit(INTERRUPTED)


def _bug(error: Exception, verbose: bool) -> str:
    said = " ".join(str(error).split())
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if verbose:
        return f"a bug in Rankmart ({what}): please report it with the lines above"
    return f"a bug in Rankmart ({what}): run it again with -v before the command to see where"
