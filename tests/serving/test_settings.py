"""Settings come from the environment and are all documented."""

from pathlib import Path

import pytest

from rankmart_serving.settings import VARIABLES, Settings, SettingsError


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings().published == Path("data/published")


def test_every_variable_sets_its_field() -> None:
    settings = Settings.from_environment(
        {
            "RANKMART_PUBLISHED": "/srv/published",
            "RANKMART_POLL_SECONDS": "0.5",
            "RANKMART_DEFAULT_K": "5",
            "RANKMART_MAX_K": "20",
            "RANKMART_HOST": "0.0.0.0",
            "RANKMART_PORT": "9000",
        }
    )

    assert settings == Settings(
        published=Path("/srv/published"),
        poll_seconds=0.5,
        default_k=5,
        max_k=20,
        host="0.0.0.0",
        port=9000,
    )


def test_settings_go_through_the_environment_unchanged() -> None:
    settings = Settings(published=Path("somewhere else"), poll_seconds=0.25, max_k=33, port=0)

    assert Settings.from_environment(settings.as_environment()) == settings


def test_every_variable_and_its_default_is_in_the_docstring() -> None:
    documentation = Settings.__doc__ or ""
    defaults = Settings().as_environment()

    assert set(VARIABLES) == set(defaults)
    for variable, about in VARIABLES.items():
        (row,) = [line for line in documentation.splitlines() if f" {variable} " in line]
        cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
        assert cells == [variable, defaults[variable], about]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RANKMART_PORT", "http"),
        ("RANKMART_PORT", "70000"),
        ("RANKMART_DEFAULT_K", "0"),
        ("RANKMART_DEFAULT_K", "101"),
        ("RANKMART_MAX_K", "5"),
        ("RANKMART_MAX_K", "ten"),
        ("RANKMART_POLL_SECONDS", "0"),
        ("RANKMART_POLL_SECONDS", "nan"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_environment({variable: value})
