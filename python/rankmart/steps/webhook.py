"""Telling someone how the flow ended: one POST of JSON."""

from typing import Any

import httpx

from rankmart.errors import RankmartError

TIMEOUT_SECONDS = 10


class WebhookError(RankmartError):
    """The message was not taken; `may_pass` says whether it may be if it is sent again."""

    def __init__(self, message: str, *, may_pass: bool) -> None:
        super().__init__(message)
        self.may_pass = may_pass


def post(url: str, message: dict[str, Any]) -> None:
    """Send the message; an answer below 300 says that it was taken.

    Raises WebhookError. It names the host alone, since the rest of such an address is often a
    secret.
    """
    try:
        answer = httpx.post(url, json=message, timeout=TIMEOUT_SECONDS)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise WebhookError(
            "RANKMART_WEBHOOK is no address that can be posted to: give one such as"
            " https://example.org/hook",
            may_pass=False,
        ) from error
    except httpx.HTTPError as error:
        raise WebhookError(
            f"the webhook at {_host(url)} could not be reached ({type(error).__name__}):"
            " see RANKMART_WEBHOOK and the network",
            may_pass=True,
        ) from error
    if answer.status_code >= 300:
        raise WebhookError(
            f"the webhook at {_host(url)} answered {answer.status_code}: see RANKMART_WEBHOOK",
            may_pass=answer.status_code >= 500 or answer.status_code == 429,
        )


def _host(url: str) -> str:
    return httpx.URL(url).host
