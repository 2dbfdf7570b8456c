"""Projects that have read the files of these tests, one `dbt run` for many files."""

import pytest

from project import Project

from . import dirty_files, product_forms, review_forms


@pytest.fixture(scope="session")
def every_form(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """All review forms by one glob, all product forms by another."""
    scratch = tmp_path_factory.mktemp("every_form")
    for folder, files in (
        ("reviews", {name: form.content for name, form in review_forms.FORMS.items()}),
        ("products", product_forms.FILES),
    ):
        (scratch / folder).mkdir()
        for name, content in files.items():
            (scratch / folder / name).write_bytes(content)
    project = Project(
        scratch, reviews=scratch / "reviews" / "*", products=scratch / "products" / "*"
    )
    project.read().succeeded()
    return project


@pytest.fixture(scope="session")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Files with every kind of dirt."""
    scratch = tmp_path_factory.mktemp("dirty")
    for name, lines in dirty_files.DIRTY.items():
        (scratch / name).write_bytes(dirty_files.content(lines))
    project = Project(scratch, reviews=scratch / "dirty*.*")
    project.read().succeeded()
    return project
