"""What was read: files, lines that were rejected, ratings, and reviews by month."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

import duckdb

EXAMPLE = 160
"""Characters of a rejected line that are shown."""


@dataclass(frozen=True)
class File:
    """A review file, and where its lines went. `name` is without its folder."""

    name: str
    form: str
    lines: int
    accepted: int
    duplicate: int
    rejected: int
    unaccounted: int


@dataclass(frozen=True)
class Reject:
    """A reason for which lines were rejected, with the first of them."""

    reason: str
    lines: int
    first_file: str
    first_line: int
    example: str


@dataclass(frozen=True)
class Reading:
    """What the warehouse has read.

    ratings: (stars, reviews), empty without ratings. months: (first day, interactions), those
    without one among them. cutoffs: where the history of `fit` and `test` ends; none under
    leave_last_out.
    """

    files: tuple[File, ...]
    rejects: tuple[Reject, ...]
    ratings: tuple[tuple[float, int], ...]
    months: tuple[tuple[date, int], ...]
    cutoffs: tuple[tuple[str, datetime], ...]
    reviews: int
    variants: int
    families: int
    events: int
    first: datetime
    last: datetime

    @property
    def lines(self) -> int:
        return sum(file.lines for file in self.files)

    @property
    def rejected(self) -> int:
        return sum(file.rejected for file in self.files)


_REJECTS = """
select
    reason,
    count(*) as lines,
    min_by(source_file, (source_file, source_line)),
    min_by(source_line, (source_file, source_line)),
    min_by(
        coalesce(raw_line, concat_ws(' · ', user_id, product_id, rating, reviewed_at), ''),
        (source_file, source_line)
    )
from rejected_reviews
group by reason
order by lines desc, reason
"""

_MONTHS = """
with

counted as (

    select
        cast(date_trunc('month', reviewed_at) as date) as month,
        count(*) as interactions
    from interactions
    group by month

),

months as (

    select cast(unnest(generate_series(min(month), max(month), interval 1 month)) as date) as month
    from counted

)

select
    months.month,
    coalesce(counted.interactions, 0)
from months
left join counted
    on months.month = counted.month
order by months.month
"""


def read_reading(connection: duckdb.DuckDBPyConnection) -> Reading:
    """The marts that tell what became of every line, and what came out."""

    files = connection.execute(
        "select source_file, source_form, lines_read, accepted_lines, duplicate_lines,"
        " rejected_lines, unaccounted_lines from reading_report order by source_file"
    ).fetchall()
    rejects = connection.execute(_REJECTS).fetchall()
    [(first, last, events)] = connection.execute(
        "select min(reviewed_at), max(reviewed_at), count_if(kind != 'review') from interactions"
    ).fetchall()
    [(reviews,)] = connection.execute("select count(*) from reviews").fetchall()
    [(variants, families)] = connection.execute(
        "select count(*), count(distinct family_id) from product_variants"
    ).fetchall()
    ratings = connection.execute(
        "select round(rating) as stars, count(*) from reviews where rating is not null"
        " group by stars order by stars"
    ).fetchall()
    cutoffs = connection.execute(
        "select split, epoch_ms(history_until * 1000) from intermediate.split_cutoffs"
        " where split in ('fit', 'test') and 'temporal' = ("
        "select max_by(protocol, started_at) from raw.builds) order by history_until"
    ).fetchall()
    return Reading(
        files=tuple(File(PurePath(name).name, *counts) for name, *counts in files),
        rejects=tuple(
            Reject(reason, lines, PurePath(file).name, line, cut(example))
            for reason, lines, file, line, example in rejects
        ),
        ratings=tuple(ratings),
        months=tuple(connection.execute(_MONTHS).fetchall()),
        cutoffs=tuple(cutoffs),
        reviews=reviews,
        variants=variants,
        families=families,
        events=events,
        first=first,
        last=last,
    )


def cut(text: str) -> str:
    """A text, not too long for a table."""
    return text if len(text) <= EXAMPLE else text[: EXAMPLE - 1] + "…"
