"""What a user is recommended: the published list, or what became of it by events and filters."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import duckdb
import msgspec

from rankmart.events import Event
from rankmart.experiments import Experiment, Variant
from rankmart.settled import SETTLED
from rankmart_serving import queries, touched
from rankmart_serving.assignment import assigned_now
from rankmart_serving.exposures import ExposureLog
from rankmart_serving.feed import EventFeed
from rankmart_serving.lists import USERS_AT_A_TIME, Items, UserLists, items_of
from rankmart_serving.live import LiveLists
from rankmart_serving.responses import Explanation, Part, RecommendedItem
from rankmart_serving.snapshots import NoSuchRunError, Reading, SnapshotStore
from rankmart_serving.wanted import Wanted

logger = logging.getLogger(__name__)

_decoder = msgspec.json.Decoder(RecommendedItem)
_encoder = msgspec.json.Encoder()


Follows = Literal["run", "events", "reranked"]


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Recommendations, whose items are JSON already."""

    user_id: str
    run_id: str
    known_user: bool
    fallback: str | None
    model: str
    follows: Follows
    items: Sequence[msgspec.Raw]
    recommendation_id: str | None = None
    experiment: str | None = None
    variant: str | None = None


class Recommender:
    """Answers for users, from the snapshot, with what they did since."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        *,
        kept: int,
        feed: EventFeed | None = None,
        live: LiveLists | None = None,
        exposures: ExposureLog | None = None,
    ) -> None:
        """Without `exposures` no experiment is on."""
        self.snapshots = snapshots
        self.lists = UserLists(snapshots, kept=kept)
        self._feed = feed
        self._live = live
        self._exposures = exposures
        self._unserved: set[str] = set()

    async def answer(
        self,
        user_id: str,
        wanted: Wanted,
        run_id: str | None = None,
        *,
        exposure: bool = True,
    ) -> Answer:
        """Raises NoSnapshotError when no run is open, NoSuchRunError for one that is not kept.

        A run that is asked for by its id is no part of an experiment. Without `exposure` nothing
        is noted of the answer.
        """
        if self.snapshots.experiments and self._exposures is not None and run_id is None:
            return await self._in_experiment(self._exposures, user_id, wanted, noted=exposure)
        return await self._published(user_id, wanted, run_id)

    async def _published(self, user_id: str, wanted: Wanted, run_id: str | None = None) -> Answer:
        if run_id is not None:
            return self._read(user_id, wanted, run_id)
        found_run, items = await self.lists.of(user_id)
        if items is None:
            return self._read(user_id, wanted)
        events = self.events_of(user_id)
        run = self.snapshots.current_run
        if not events and wanted.is_plain and run is not None and run.run_id == found_run:
            # As `_of` answers, without the cursor that this needs none of.
            return Answer(
                user_id=user_id,
                run_id=found_run,
                known_user=True,
                fallback=None,
                model=run.model,
                follows="run",
                items=items[wanted.offset : wanted.offset + wanted.k],
            )
        with self.snapshots.reading() as reading:
            if reading.run.run_id == found_run:
                return self._of(reading, user_id, wanted, events, items, known=True)
        return self._read(user_id, wanted)

    async def _in_experiment(
        self, exposures: ExposureLog, user_id: str, wanted: Wanted, *, noted: bool
    ) -> Answer:
        answer = None
        with self.snapshots.reading() as reading:
            found = assigned_now(reading, user_id)
            if found is not None and not found[1].is_published:
                answer = self._of_variant(reading, user_id, wanted, found[1])
                found = None if answer is None else found
        if answer is None:
            answer = await self._published(user_id, wanted)
        return _noted(answer, found, exposures if noted else None)

    def answer_all(
        self, user_ids: Sequence[str], wanted: Wanted, *, exposure: bool = True
    ) -> tuple[str, list[Answer]]:
        """The run, and an answer of it for each, in the same order.

        Users to whom an experiment gives an earlier run have answers of that.
        """
        with self.snapshots.reading() as reading:
            lists: dict[str, str] = {}
            for low in range(0, len(user_ids), USERS_AT_A_TIME):
                part = user_ids[low : low + USERS_AT_A_TIME]
                lists |= queries.lists_of(reading.cursor, part)
            without = [user_id for user_id in user_ids if user_id not in lists]
            known = queries.with_history(reading.cursor, without) if without else set()
            answers = []
            for user_id in user_ids:
                found = None if self._exposures is None else assigned_now(reading, user_id)
                answer = None
                if found is not None and not found[1].is_published:
                    answer = self._of_variant(reading, user_id, wanted, found[1])
                    found = None if answer is None else found
                if answer is None:
                    answer = self._of(
                        reading,
                        user_id,
                        wanted,
                        self.events_of(user_id),
                        items_of(lists[user_id]) if user_id in lists else None,
                        known=user_id in lists or user_id in known,
                    )
                answers.append(_noted(answer, found, self._exposures if exposure else None))
            return reading.run.run_id, answers

    def for_session(self, product_ids: Sequence[str], wanted: Wanted) -> Answer:
        """For a visitor without an id: as for a user who has viewed these, the last one last."""
        events = [
            Event(
                event_id=str(number),
                user_id="",
                product_id=product_id,
                kind="view",
                occurred_epoch=number,
            )
            for number, product_id in enumerate(product_ids, start=1)
        ]
        with self.snapshots.reading() as reading:
            seen = touched.families(reading, product_ids)
            wanted = replace(wanted, exclude=wanted.exclude | {*seen, *seen.values()})
            answer = self._of(reading, "", wanted, events, None, known=False, live=False)
            return msgspec.structs.replace(answer, follows="events")

    def explain(self, user_id: str, product_id: str) -> Explanation | None:
        """The parts of a candidate's score; None for no candidate, and without a ranker."""
        if self._live is None:
            return None
        with self.snapshots.reading() as reading:
            family = touched.families(reading, [product_id])[product_id]
            run_id = reading.run.run_id
        try:
            found = self._live.parts(user_id, family)
        except duckdb.CatalogException:
            return None
        if found is None:
            return None
        parts, bias = found
        return Explanation(
            user_id=user_id,
            product_id=product_id,
            run_id=run_id,
            score=bias + sum(adds for _, _, adds in parts),
            bias=bias,
            parts=[Part(feature=name, value=value, adds=adds) for name, value, adds in parts],
        )

    def events_of(self, user_id: str) -> tuple[Event, ...]:
        """What the user did since the run."""
        return () if self._feed is None else self._feed.of(user_id)

    def _read(self, user_id: str, wanted: Wanted, run_id: str | None = None) -> Answer:
        with self.snapshots.reading(run_id) as reading:
            is_current = reading.run.run_id == self.snapshots.current_run_id
            text = queries.lists_of(reading.cursor, [user_id]).get(user_id)
            known = text is not None or bool(queries.with_history(reading.cursor, [user_id]))
            return self._of(
                reading,
                user_id,
                wanted,
                # An earlier run is asked for to see what it said.
                self.events_of(user_id) if is_current and run_id is None else (),
                None if text is None else items_of(text),
                known=known,
            )

    def _of_variant(
        self, reading: Reading, user_id: str, wanted: Wanted, variant: Variant
    ) -> Answer | None:
        """The answer of a generator or an earlier run; None for a run that is no longer kept."""
        events = self.events_of(user_id)
        known = bool(queries.with_history(reading.cursor, [user_id])) or bool(events)
        if variant.run_id is None:
            text = queries.variant_list(reading.cursor, variant.list, user_id)
            return self._of(
                reading,
                user_id,
                wanted,
                events,
                None if text is None else items_of(text),
                known=known,
                model=variant.list,
            )
        try:
            with self.snapshots.reading(variant.run_id) as earlier:
                # What that run could not know: it would recommend again what was bought since.
                since = queries.done_products(
                    reading.cursor, user_id, SETTLED
                ) - queries.done_products(earlier.cursor, user_id, SETTLED)
                text = queries.lists_of(earlier.cursor, [user_id]).get(user_id)
                return self._of(
                    earlier,
                    user_id,
                    # Nor what is blocked since.
                    replace(wanted, exclude=wanted.exclude | since | reading.blocked),
                    events,
                    None if text is None else items_of(text),
                    known=known,
                    live=False,
                )
        except NoSuchRunError as error:
            if variant.run_id not in self._unserved:
                logger.warning(
                    "users of variant %s get the published lists, and are not counted: %s",
                    variant.name,
                    error,
                )
            self._unserved.add(variant.run_id)
            return None

    def _of(
        self,
        reading: Reading,
        user_id: str,
        wanted: Wanted,
        events: Sequence[Event],
        listed: Items | None,
        *,
        known: bool,
        live: bool = True,
        model: str | None = None,
    ) -> Answer:
        published = items_of(reading.fallback) if listed is None else listed
        items: Items | list[RecommendedItem] = published
        fallback = "popular" if listed is None else None
        follows: Follows = "run"
        if events:
            items, follows = self._after(
                reading, user_id, published, events, live=live, model=model
            )
            fallback = None if follows == "reranked" else fallback
        return Answer(
            user_id=user_id,
            run_id=reading.run.run_id,
            known_user=known or bool(events and live),
            fallback=fallback,
            model=model or reading.run.model,
            follows=follows,
            items=_part(reading, items, wanted),
        )

    def _after(
        self,
        reading: Reading,
        user_id: str,
        items: Items,
        events: Sequence[Event],
        *,
        live: bool,
        model: str | None,
    ) -> tuple[list[RecommendedItem], Follows]:
        published = [_decoder.decode(item) for item in items]
        if live and self._live is not None:
            reranked = self._live.of(user_id, reading.run.run_id, events, model)
            if reranked is not None and reranked.items:
                family = touched.families(reading, [event.product_id for event in events])
                # Rules of the shop keep their places.
                pins = touched.pins_of(published, touched.settled_products(family, events))
                taken = {item.product_id for item in pins}
                ranked = [item for item in reranked.items if item.product_id not in taken]
                length = max(len(published), len(reranked.items))
                return touched.with_pins(ranked, pins)[:length], "reranked"
        done = (
            queries.done_products(reading.cursor, user_id, SETTLED)
            if reading.list_settings.excludes_reviewed
            else set()
        )
        length = reading.run.list_length
        return touched.follow(reading, published, events, length=length, done=done), "events"


def _noted(
    answer: Answer,
    found: tuple[Experiment, Variant] | None,
    exposures: ExposureLog | None,
) -> Answer:
    """The answer with its experiment; with `exposures` also noted there."""
    if found is None:
        return answer
    experiment, variant = found
    recommendation_id = None
    if exposures is not None:
        recommendation_id = exposures.note(
            experiment=experiment.name,
            variant=variant.name,
            user_id=answer.user_id,
            run_id=answer.run_id,
            items=answer.items,
        )
    return msgspec.structs.replace(
        answer,
        recommendation_id=recommendation_id,
        experiment=experiment.name,
        variant=variant.name,
    )


def _part(
    reading: Reading, items: Items | list[RecommendedItem], wanted: Wanted
) -> Sequence[msgspec.Raw]:
    """The wanted part of a list; ranks stay those in the whole list."""
    end = wanted.offset + wanted.k
    if wanted.is_plain:
        return [
            msgspec.Raw(_encoder.encode(item)) if isinstance(item, RecommendedItem) else item
            for item in items[wanted.offset : end]
        ]
    decoded = [
        item if isinstance(item, RecommendedItem) else _decoder.decode(item) for item in items
    ]
    ids = [item.product_id for item in decoded]
    products = queries.facts(reading.cursor, ids)
    categories = queries.category_paths(reading.cursor, ids)
    suiting = [
        item
        for item in decoded
        if wanted.suits(item, products.get(item.product_id), categories.get(item.product_id, ""))
    ][wanted.offset : end]
    if not wanted.include_reasons:
        suiting = [msgspec.structs.replace(item, reason=None) for item in suiting]
    return [msgspec.Raw(_encoder.encode(item)) for item in suiting]
