"""Settings of the API, all from environment variables."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from rankmart.errors import RankmartError
from rankmart.events import DEFAULT_URL, OFF

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsError(RankmartError):
    """An environment variable holds what the API can't use."""


def _variable(name: str, about: str) -> dict[str, str]:
    return {"variable": name, "about": about}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the API can be told; `VARIABLES` has the environment variable of each.

    | variable               | default        | what it is                                     |
    | ---------------------- | -------------- | ---------------------------------------------- |
    | RANKMART_PUBLISHED     | data/published | the folder that `make score` publishes to      |
    | RANKMART_POLL_SECONDS  | 1.0            | seconds between looks for a new run            |
    | RANKMART_DEFAULT_K     | 10             | products in a list when the request says none  |
    | RANKMART_MAX_K         | 100            | products that a request may ask for            |
    | RANKMART_HOST          | 127.0.0.1      | the address to listen on                       |
    | RANKMART_PORT          | 8000           | the port to listen on                          |
    | RANKMART_EVENTS | sqlite:///data/events.sqlite | where events go; off: nowhere |
    | RANKMART_API_KEYS      |                | SHA-256 of each key for writes, by commas      |
    | RANKMART_API_KEYS_FILE |                | a file of such digests, one a line             |
    | RANKMART_PROTECT_READS | 0              | 1: reads need a key too                        |
    | RANKMART_RATE_LIMIT    | 0              | requests a minute from one address; 0 for any  |
    | RANKMART_MAX_BATCH     | 1000           | users or events in one request                 |
    | RANKMART_MAX_BODY      | 1048576        | bytes of a request's body                      |
    | RANKMART_CORS_ORIGINS  |                | origins whose pages may read, by commas        |
    | RANKMART_CACHED_LISTS  | 10000          | lists of users kept in memory                  |
    | RANKMART_FOLLOW_EVENTS | 1              | 0: lists stay as published until the next run  |
    | RANKMART_STATEMENT_SECONDS | 10.0       | seconds that a read may take; 0 for any        |
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

    events: str = field(
        default=DEFAULT_URL,
        metadata=_variable("RANKMART_EVENTS", "where events go; off: nowhere"),
    )
    api_keys: str = field(
        default="",
        metadata=_variable("RANKMART_API_KEYS", "SHA-256 of each key for writes, by commas"),
    )
    api_keys_file: str = field(
        default="",
        metadata=_variable("RANKMART_API_KEYS_FILE", "a file of such digests, one a line"),
    )
    protect_reads: int = field(
        default=0, metadata=_variable("RANKMART_PROTECT_READS", "1: reads need a key too")
    )
    rate_limit: int = field(
        default=0,
        metadata=_variable("RANKMART_RATE_LIMIT", "requests a minute from one address; 0 for any"),
    )
    max_batch: int = field(
        default=1000, metadata=_variable("RANKMART_MAX_BATCH", "users or events in one request")
    )
    max_body: int = field(
        default=1048576, metadata=_variable("RANKMART_MAX_BODY", "bytes of a request's body")
    )
    cors_origins: str = field(
        default="",
        metadata=_variable("RANKMART_CORS_ORIGINS", "origins whose pages may read, by commas"),
    )
    cached_lists: int = field(
        default=10_000,
        metadata=_variable("RANKMART_CACHED_LISTS", "lists of users kept in memory"),
    )
    follow_events: int = field(
        default=1,
        metadata=_variable(
            "RANKMART_FOLLOW_EVENTS", "0: lists stay as published until the next run"
        ),
    )

    statement_seconds: float = field(
        default=10.0,
        metadata=_variable(
            "RANKMART_STATEMENT_SECONDS", "seconds that a read may take; 0 for any"
        ),
    )

    def __post_init__(self) -> None:
        """Refuse values that would only fail later."""
        for name in ("protect_reads", "follow_events"):
            if getattr(self, name) not in (0, 1):
                raise SettingsError(f"RANKMART_{name.upper()} must be 0 or 1")
        for name, least in (
            ("rate_limit", 0),
            ("max_batch", 1),
            ("max_body", 1024),
            ("cached_lists", 0),
        ):
            if getattr(self, name) < least:
                raise SettingsError(f"RANKMART_{name.upper()} must be {least} or more")
        digests = self.key_digests
        if self.protect_reads and not digests:
            raise SettingsError(
                "RANKMART_PROTECT_READS is 1, and there is no key: set RANKMART_API_KEYS"
            )
        if not 0 <= self.statement_seconds < float("inf"):
            raise SettingsError("RANKMART_STATEMENT_SECONDS must be 0 or more")
        if not self.poll_seconds > 0:
            raise SettingsError("RANKMART_POLL_SECONDS must be above 0")
        if not 1 <= self.default_k <= self.max_k:
            raise SettingsError(
                f"RANKMART_DEFAULT_K is {self.default_k} and RANKMART_MAX_K {self.max_k}: "
                "the first must be 1 or more, the second not less than the first"
            )
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"RANKMART_PORT is {self.port}: it must be 0 to 65535")

    @property
    def takes_events(self) -> bool:
        """Whether there is a store for events."""
        return self.events != OFF

    @property
    def key_digests(self) -> tuple[str, ...]:
        """SHA-256 of each key that is let in, in lower-case hex; none where writes are open.

        Raises SettingsError for what is no digest, and for a file that can't be read.
        """
        given = self.api_keys.replace(",", " ").split()
        if self.api_keys_file:
            try:
                lines = Path(self.api_keys_file).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"RANKMART_API_KEYS_FILE can't be read: {error}") from error
            given += [line.strip() for line in lines if line.strip() and line[0] != "#"]
        for digest in given:
            if not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
                raise SettingsError(
                    "RANKMART_API_KEYS holds what is no SHA-256 digest: make one with"
                    ' `printf %s "$KEY" | sha256sum`'
                )
        return tuple(digest.lower() for digest in given)

    def refuse_open_writes(self, host: str) -> None:
        """Raise SettingsError where anyone who reaches the machine could write events."""
        if self.takes_events and not self.key_digests and host not in LOOPBACK:
            raise SettingsError(
                f"on {host} anyone could write events: set RANKMART_API_KEYS, or turn events off"
                " with RANKMART_EVENTS=off"
            )

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
