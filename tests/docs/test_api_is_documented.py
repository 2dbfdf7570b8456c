"""Every route is in the reference; the JSON that pages show is what is answered and written."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from litestar.routes import HTTPRoute

from project import Project
from rankmart.benchmark import FIGURES, figures_of
from rankmart_serving.app import create_app
from rankmart_serving.responses import Problem, Recommendations
from rankmart_serving.settings import Settings

from .pages import blocks, first_column, marked, page, section


def test_every_route_is_in_the_reference_and_no_other(tmp_path: Path) -> None:
    routes = set()
    for route in create_app(Settings(published=tmp_path)).routes:
        assert isinstance(route, HTTPRoute)
        path = re.sub(r":\w+}", "}", route.path)
        if path.startswith("/static/"):
            continue  # Parts of the page.
        for method in route.methods - {"HEAD", "OPTIONS"}:
            # The pages of OpenAPI are one entry.
            routes.add(f"{method} {'/schema' if path.startswith('/schema') else path}")
    assert "GET /health/live" in routes
    documented = first_column(section(page("docs/reference.md"), "## API"))
    assert sorted(documented) == sorted(routes)


@pytest.mark.parametrize(
    ("name", "marker"),
    [("README.md", "api output"), ("docs/reference.md", "recommendations json")],
)
def test_answers_on_pages_have_the_form_of_the_api(name: str, marker: str) -> None:
    shown = json.loads(marked(page(name), marker))
    answer = msgspec.convert(shown, Recommendations)
    assert msgspec.to_builtins(answer) == shown


def test_the_problem_on_the_page_has_the_form_of_the_api() -> None:
    shown = [json.loads(block) for block in blocks(page("docs/reference.md"), "json")]
    [problem] = [block for block in shown if "status" in block]
    assert msgspec.to_builtins(msgspec.convert(problem, Problem)) == problem


def test_the_benchmark_on_the_page_has_the_form_of_what_is_written(scored_shop: Project) -> None:
    shown = json.loads(marked(page("docs/reference.md"), "benchmark json"))
    written = figures_of(scored_shop.warehouse)
    assert set(shown) == {*written, "protocol", "same_day_order", "seconds", "peak_memory_mb"}
    assert set(shown["data"]) == set(written["data"])
    assert set(shown["seconds"]) == {"dbt", "score", "total"}
    [ranker] = shown["models"].values()
    assert set(ranker) == {f"{metric}_at_{k}" for metric, k in FIGURES}
    assert set(written["models"]["ranker"]) == set(ranker)
    for part in ("intervals", "differences"):
        [(model, figures)] = shown[part].items()
        for name, figure in figures.items():
            in_the_file = written[part][model][name]
            assert type(in_the_file) is type(figure)
            if isinstance(figure, dict):
                assert list(in_the_file) == list(figure)
