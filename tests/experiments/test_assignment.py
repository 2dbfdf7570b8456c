"""SQL, scoring and the API agree on who is in which variant."""

import random
import re
from collections import Counter
from datetime import date

import duckdb
from litestar import Litestar
from litestar.testing import TestClient

from project import Project
from rankmart.experiments import Experiment, Variant, assigned, day_number, made, slot_of

ODD = [
    "A1YJEY40YUW4SE",
    "a/b c'd\"e",
    " blanks ",
    "漢字 🧴",
    "Zoë",
    "Zoe\u0308",
    "İstanbul",
    "\u200b",
    "x" * 256,
    "-1",
    "%00",
]


def many_ids(count: int) -> list[str]:
    """Ids of any characters but control characters and halves of pairs."""
    draw = random.Random(7)
    ranges = [(0x20, 0x7E), (0xA0, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF)]
    found = set(ODD)
    while len(found) < count:
        length = draw.randint(1, 30)
        found.add("".join(chr(draw.randint(*draw.choice(ranges))) for _ in range(length)))
    return sorted(found)


EXPERIMENTS = (
    Experiment(
        name="e",
        salt="grüße 🌿",
        first_day=0,
        last_day=None,
        variants=(
            Variant(name="control", list="ranker", first_slot=0, end_slot=5000),
            Variant(name="new", list="next", first_slot=5000, end_slot=6234),
        ),
    ),
    Experiment(
        name="f",
        salt="",
        first_day=0,
        last_day=None,
        variants=(Variant(name="control", list="ranker", first_slot=9999, end_slot=10000),),
    ),
)


def test_sql_and_python_draw_the_same_users(scored_shop: Project) -> None:
    """The model's own SQL, over ids that no shop has."""
    sql = scored_shop.value("select sql from raw.compiled_models where model = 'experiment_users'")
    ids = many_ids(20_000)
    with duckdb.connect() as connection:
        connection.execute("create table users (user_id varchar)")
        connection.execute("insert into users select unnest(?)", [ids])
        connection.execute(
            "create table experiment_variants (experiment varchar, variant varchar,"
            " salt varchar, first_slot int, end_slot int)"
        )
        for experiment in EXPERIMENTS:
            for variant in experiment.variants:
                connection.execute(
                    "insert into experiment_variants values (?, ?, ?, ?, ?)",
                    [
                        experiment.name,
                        variant.name,
                        experiment.salt,
                        variant.first_slot,
                        variant.end_slot,
                    ],
                )
        local = re.sub(r'"\w+"\."\w+"\."(\w+)"', r"\1", sql)
        in_sql = set(connection.execute(local).fetchall())

    in_python = {
        (experiment.name, user_id, variant.name, slot_of(experiment.salt, user_id))
        for experiment in EXPERIMENTS
        for user_id in ids
        if (variant := experiment.variant_of(user_id)) is not None
    }
    assert in_sql == in_python
    assert len({user_id for _, user_id, _, _ in in_sql}) > 12_000


def test_variants_have_their_shares_and_salts_draw_anew() -> None:
    ids = [f"user {number}" for number in range(50_000)]
    by_salt = [Counter(slot_of(salt, user_id) < 2500 for user_id in ids) for salt in "ab"]
    both = sum(slot_of("a", user_id) < 2500 and slot_of("b", user_id) < 2500 for user_id in ids)

    # Four standard deviations of 50,000 draws at a quarter are 390.
    assert all(abs(count[True] - 12_500) < 390 for count in by_salt)
    assert abs(both - 3_125) < 220


def test_the_table_has_the_variants_that_the_api_gives(
    trial: Project, shop: TestClient[Litestar]
) -> None:
    table = dict(
        trial.rows("select user_id, variant from experiment_users where experiment = 'taste'")
    )
    users = shop.get("/v1/users?k=100").json()["user_ids"]
    asked = {"user_ids": users, "exposure": False}
    answers = shop.post("/v1/recommendations", json=asked).json()["answers"]

    assert {found["user_id"]: found.get("variant") for found in answers} == {
        user_id: table.get(user_id) for user_id in users
    }


def test_of_two_experiments_the_one_that_began_first_has_the_user() -> None:
    experiments = made(
        [
            ("a later", "s", "control", 1.0, "ranker", date(2024, 2, 1), None),
            ("early", "t", "control", 0.5, "ranker", date(2024, 1, 1), date(2024, 3, 31)),
        ]
    )
    days = [
        date(2023, 12, 31),
        date(2024, 1, 1),
        date(2024, 2, 1),
        date(2024, 3, 31),
        date(2024, 4, 1),
    ]

    def of(user_id: str) -> list[str | None]:
        found = [assigned(experiments, user_id, day_number(day)) for day in days]
        return [None if one is None else one[0].name for one in found]

    inside = next(user for user in "abcdefgh" if slot_of("t", user) < 5000)
    outside = next(user for user in "abcdefgh" if slot_of("t", user) >= 5000)
    assert of(inside) == [None, "early", "early", "early", "a later"]
    assert of(outside) == [None, None, "a later", "a later", "a later"]
