"""Ids of users, products and events as clients send them: any text that is one line."""

import re
from typing import NoReturn, cast
from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.exceptions import ValidationException
from litestar.types import ASGIApp, Receive, Scope, Send

LONGEST = 256

ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f]+$"
"""What OpenAPI says of such a text, as JavaScript's regular expression; `checked` sees to it."""

NO_OR_ONE_LINE = ONE_LINE.replace("+", "*")

AN_ID = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": ONE_LINE}
"""What OpenAPI says of an id within a list."""

_CONTROL_OR_HALF = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


# Half of a surrogate pair never comes out of decoded UTF-8, so it can't be part of an id.
_SLASH_IN_ID = "\udc2f"


def from_path(name: str, path_part: str) -> str:
    """The id that a part of the path holds, slashes too; raises as `checked` does."""
    return checked(name, path_part.replace(_SLASH_IN_ID, "/"))


def checked(name: str, text: str, *, longest: int = LONGEST) -> str:
    """The id itself.

    Raises ValidationException, naming the parameter, for none, one that is too long, and one with
    a control character or half of a surrogate pair.
    """
    if not text:
        refuse(name, "Expected an id, not an empty text")
    if len(text) > longest:
        refuse(name, f"Expected at most {longest} characters")
    if _CONTROL_OR_HALF.search(text):
        refuse(name, "Expected no control characters")
    return text


def refuse(name: str, message: str) -> NoReturn:
    """Raise the ValidationException that becomes a 400 naming this parameter or field."""
    raise ValidationException(extra=[{"key": name, "message": message}])


def keep_encoded_slashes(app: ASGIApp) -> ASGIApp:
    """Wrap an app so that a path parameter may hold `%2F`.

    Servers decode the path before it is routed, so an encoded slash would split it. Here each
    part is decoded by itself, and a slash within one is marked; `from_path` turns it back.
    """

    async def with_whole_parts(scope: Scope, receive: Receive, send: Send) -> None:
        raw_path = scope.get("raw_path")
        if scope["type"] == ScopeType.HTTP and raw_path and b"%" in raw_path:
            parts = raw_path.partition(b"?")[0].decode("latin-1").split("/")
            path = "/".join(unquote(part).replace("/", _SLASH_IN_ID) for part in parts)
            # A copy, because the server logs the path of its own.
            scope = cast(Scope, {**scope, "path": path})
        await app(scope, receive, send)

    return with_whole_parts
