"""Routes about users: who there is, and what they did."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from rankmart.events import Event
from rankmart_serving import problems, queries
from rankmart_serving.answering import Recommender
from rankmart_serving.recommendations import UserId
from rankmart_serving.responses import History, HistoryItem, Users
from rankmart_serving.security import guards
from rankmart_serving.settings import Settings
from rankmart_serving.text_ids import NO_OR_ONE_LINE, checked, from_path


def user_handlers(settings: Settings) -> list[HTTPRouteHandler]:
    """The routes' handlers."""
    failures = problems.documented(HTTPStatus.BAD_REQUEST, *problems.of_reading(settings))

    @get(
        "/v1/users/{user_id:str}/history",
        operation_id="history",
        summary="What a user reviewed and did",
        description="Events since the run, then what the run knows; empty for an unknown user.",
        tags=["users"],
        response_description="The last first",
        responses=failures,
        guards=guards(settings, writes=False),
        sync_to_thread=False,
    )
    def history(recommender: NamedDependency[Recommender], user_id: UserId) -> History:
        user = from_path("user_id", user_id)
        events = recommender.events_of(user)
        with recommender.snapshots.reading() as reading:
            titles = queries.facts(reading.cursor, [event.product_id for event in events])
            since = [
                _item(event, queries.title_of(titles, event.product_id))
                for event in reversed(events)
            ]
            return History(
                user_id=user,
                run_id=reading.run.run_id,
                items=since + queries.history(reading.cursor, user),
            )

    @get(
        "/v1/users",
        operation_id="users",
        summary="Users whose id begins so",
        description="For suggestions while an id is typed: users who have a list.",
        tags=["users"],
        response_description="Ids in order",
        responses=failures,
        guards=guards(settings, writes=False),
        sync_to_thread=False,
    )
    def users(
        recommender: NamedDependency[Recommender],
        prefix: Annotated[
            str, QueryParameter(max_length=256, schema_extra={"pattern": NO_OR_ONE_LINE})
        ] = "",
        k: Annotated[int, QueryParameter(ge=1, le=settings.max_k)] = settings.default_k,
    ) -> Users:
        if prefix:
            checked("prefix", prefix)
        with recommender.snapshots.reading() as reading:
            return Users(user_ids=queries.users_from(reading.cursor, prefix, k))

    return [history, users]


def _item(event: Event, title: str | None) -> HistoryItem:
    return HistoryItem(
        product_id=event.product_id,
        title=title,
        at=datetime.fromtimestamp(event.occurred_epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        kind=event.kind,
        rating=event.rating,
    )
