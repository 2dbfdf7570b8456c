"""Settings of the API, all from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from rankmart.errors import RankmartError


class SettingsError(RankmartError):
    """An environment variable holds what the API can't use."""


def _variable(name: str, about: str) -> dict[str, str]:
    return {"variable": name, "about": about}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the API can be told; `VARIABLES` has the environment variable of each.

    | variable               | default        | what it is                                    |
    | ---------------------- | -------------- | --------------------------------------------- |
    | RANKMART_PUBLISHED     | data/published | the folder that `make score` publishes to     |
    | RANKMART_POLL_SECONDS  | 1.0            | seconds between looks for a new run           |
    | RANKMART_DEFAULT_K     | 10             | products in a list when the request says none |
    | RANKMART_MAX_K         | 100            | products that a request may ask for           |
    | RANKMART_HOST          | 127.0.0.1      | the address to listen on                      |
    | RANKMART_PORT          | 8000           | the port to listen on                         |
    """

    published: Path = field(
        default=Path("data/published"),
        metadata=_variable("RANKMART_PUBLISHED", "the folder that `make score` publishes to"),
    )
    poll_seconds: float = field(
        default=1.0,
        metadata=_variable("RANKMART_POLL_SECONDS", "seconds between looks for a new run"),
    )
    default_k: int = field(
        default=10,
        metadata=_variable("RANKMART_DEFAULT_K", "products in a list when the request says none"),
    )
    max_k: int = field(
        default=100,
        metadata=_variable("RANKMART_MAX_K", "products that a request may ask for"),
    )
    host: str = field(
        default="127.0.0.1",
        metadata=_variable("RANKMART_HOST", "the address to listen on"),
    )
    port: int = field(
        default=8000,
        metadata=_variable("RANKMART_PORT", "the port to listen on"),
    )

    def __post_init__(self) -> None:
        """Refuse values that would only fail later."""
        if not self.poll_seconds > 0:
            raise SettingsError("RANKMART_POLL_SECONDS must be above 0")
        if not 1 <= self.default_k <= self.max_k:
            raise SettingsError(
                f"RANKMART_DEFAULT_K is {self.default_k} and RANKMART_MAX_K {self.max_k}: "
                "the first must be 1 or more, the second not less than the first"
            )
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"RANKMART_PORT is {self.port}: it must be 0 to 65535")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The settings that the environment gives; an empty variable counts as not set."""
        given: dict[str, Any] = {}
        for setting in fields(cls):
            variable = setting.metadata["variable"]
            if text := environment.get(variable, ""):
                kind: Any = type(setting.default)
                try:
                    given[setting.name] = kind(text)
                except ValueError:
                    raise SettingsError(
                        f"{variable} is {text!r}: it must be a number, such as {setting.default}"
                    ) from None
        return cls(**given)

    def as_environment(self) -> dict[str, str]:
        """The variables from which another process reads the same settings."""
        return {
            setting.metadata["variable"]: str(getattr(self, setting.name))
            for setting in fields(self)
        }


VARIABLES: dict[str, str] = {
    setting.metadata["variable"]: setting.metadata["about"] for setting in fields(Settings)
}
"""Every environment variable that the API reads, and what it is."""
