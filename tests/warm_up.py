"""What the server of `warm` does before it forks: everything that one run leaves for the next.

It loads the libraries and parses the project once. What dbt builds up meanwhile, such as the
schemas it validates by, is then there in every fork, and so is the parsed project, as a file.
"""

import gc
import importlib
import os
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.deprecations import reset_deprecations
from dbt_common.clients.jinja import template_cache

from project import Project
from warm import PARSED_FOLDER

LOADED = [
    "dbt.adapters.duckdb",
    "rankmart.command_line",
    "rankmart.content",
    "rankmart.events",
    "rankmart.factors",
    "rankmart.score",
    "rankmart.show",
    "sklearn.decomposition",
    "sklearn.linear_model",
]


def load() -> None:
    for name in LOADED:
        importlib.import_module(name)


def parse(project: Project) -> None:
    """A project that cannot be parsed is left to the forks, which say what is wrong with it."""
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(project.dbt_environment())
    # The static parser has threads of its own, which would not be there after a fork.
    ended = dbtRunner().invoke(
        [
            *("--no-static-parser", "--quiet", "parse", "--vars", "{}"),
            *("--project-dir", str(project.root), "--profiles-dir", str(project.root)),
        ]
    )
    os.environ.clear()
    os.environ.update(kept)
    reset_deprecations()
    if ended.success:
        for macro in ended.result.macros.values():
            template_cache.get_node_template(macro)


load()
parse(Project(Path(os.environ[PARSED_FOLDER])))
# All of this stays, so no fork need look through it for what is garbage.
gc.collect()
gc.freeze()
