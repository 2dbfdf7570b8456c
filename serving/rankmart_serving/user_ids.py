"""User ids in a path: any text, slashes too."""

import re
from typing import cast
from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.exceptions import ValidationException
from litestar.types import ASGIApp, Receive, Scope, Send

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# Half of a surrogate pair never comes out of decoded UTF-8, so it can't be part of an id.
_SLASH_IN_ID = "\udc2f"


def keep_encoded_slashes(app: ASGIApp) -> ASGIApp:
    """Wrap an app so that a path parameter may hold `%2F`.

    Servers decode the path before it is routed, so an encoded slash would split it. Here each
    part is decoded by itself, and a slash within one is marked; `checked_user_id` turns it back.
    """

    async def with_whole_parts(scope: Scope, receive: Receive, send: Send) -> None:
        raw_path = scope.get("raw_path")
        if scope["type"] == ScopeType.HTTP and raw_path:
            parts = raw_path.partition(b"?")[0].decode("latin-1").split("/")
            path = "/".join(unquote(part).replace("/", _SLASH_IN_ID) for part in parts)
            # A copy, because the server logs the path of its own.
            scope = cast(Scope, {**scope, "path": path})
        await app(scope, receive, send)

    return with_whole_parts


def checked_user_id(path_part: str) -> str:
    """The user id that a part of the path holds.

    Raises ValidationException when it has a control character.
    """
    user_id = path_part.replace(_SLASH_IN_ID, "/")
    if _CONTROL_CHARACTER.search(user_id):
        raise ValidationException(
            extra=[{"key": "user_id", "message": "Expected no control characters"}]
        )
    return user_id
