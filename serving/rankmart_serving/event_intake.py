"""Routes that take events in."""

import time
from datetime import UTC, datetime
from http import HTTPStatus

from litestar import post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from rankmart.events import Event
from rankmart_serving import problems
from rankmart_serving.feed import EventFeed
from rankmart_serving.requests import NewEvent, NewEvents
from rankmart_serving.responses import Acknowledged
from rankmart_serving.security import guards
from rankmart_serving.settings import Settings
from rankmart_serving.text_ids import checked, refuse

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC).timestamp()
A_DAY = 86400


def event_handlers(settings: Settings) -> list[HTTPRouteHandler]:
    """The routes' handlers; none where events are off."""
    if not settings.takes_events:
        return []
    failures = problems.documented(
        HTTPStatus.BAD_REQUEST, *problems.of_body(), *problems.of_writing(settings)
    )

    @post(
        "/v1/events",
        operation_id="add_event",
        summary="Tell what a user did",
        description=(
            "Acknowledged once it is on the disk. The event id makes it safe to send again: an "
            "event whose id is there already is not stored a second time."
        ),
        tags=["events"],
        status_code=HTTPStatus.CREATED,
        response_description="It is stored",
        responses=failures,
        guards=guards(settings, writes=True),
        sync_to_thread=True,
    )
    def add_event(feed: NamedDependency[EventFeed], data: JSONBody[NewEvent]) -> Acknowledged:
        return _store(feed, [_event(data, "")])

    @post(
        "/v1/events/batch",
        operation_id="add_events",
        summary="Tell what users did",
        description=(
            f"Up to {settings.max_batch} events, stored together or not at all, in their order."
        ),
        tags=["events"],
        status_code=HTTPStatus.CREATED,
        response_description="They are stored",
        responses=failures,
        guards=guards(settings, writes=True),
        sync_to_thread=True,
    )
    def add_events(feed: NamedDependency[EventFeed], data: JSONBody[NewEvents]) -> Acknowledged:
        if len(data.events) > settings.max_batch:
            refuse("events", f"Expected at most {settings.max_batch} events")
        events = [_event(event, f"events.{number}.") for number, event in enumerate(data.events)]
        return _store(feed, events)

    return [add_event, add_events]


def _store(feed: EventFeed, events: list[Event]) -> Acknowledged:
    new = feed.append(events)
    return Acknowledged(
        stored=sum(new),
        repeated=[event.event_id for event, is_new in zip(events, new, strict=True) if not is_new],
    )


def _event(told: NewEvent, where: str) -> Event:
    """The event to store; raises ValidationException, naming the field below `where`."""
    if (told.rating is not None) != (told.kind == "rating"):
        refuse(f"{where}rating", "Expected with the kind rating, and with no other")
    return Event(
        event_id=checked(f"{where}event_id", told.event_id, longest=128),
        user_id=checked(f"{where}user_id", told.user_id),
        product_id=checked(f"{where}product_id", told.product_id),
        kind=told.kind,
        rating=told.rating,
        occurred_epoch=_epoch(told.occurred_at, f"{where}occurred_at"),
        recommendation_id=(
            None
            if told.recommendation_id is None
            else checked(f"{where}recommendation_id", told.recommendation_id)
        ),
    )


def _epoch(text: str | None, name: str) -> int:
    now = int(time.time())
    if text is None:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        refuse(name, "Expected a time as in RFC 3339, such as 2024-03-01T10:15:00Z")
    if moment.tzinfo is None:
        refuse(name, "Expected an offset, such as Z at the end")
    try:
        epoch = moment.timestamp()
    except OverflowError:
        epoch = -1.0
    if not EARLIEST <= epoch <= now + A_DAY:
        refuse(name, "Expected a time from 1995 to tomorrow")
    return int(epoch)
