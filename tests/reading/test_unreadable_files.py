"""What can't be read ends `dbt run` with a message that says what is wrong and what to do."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from project import Finished, Project

from .review_forms import FIRST, SECOND, text

GOOD = text("user_id,product_id,timestamp,rating", f"u1,mug,{FIRST},5", f"u2,mug,{SECOND},4")


@dataclass(frozen=True)
class Case:
    """A file that can't be read, and words that the message must hold."""

    words: list[str]
    content: bytes | None = None
    name: str = "reviews.csv"
    prepare: Callable[[Path], None] | None = None
    dbt_vars: dict[str, Any] = field(default_factory=dict)
    protocol: str = ""
    products: str = ""
    products_content: bytes | None = None
    unsaid: list[str] = field(default_factory=list)
    """Words that would lead astray."""


def a_folder_with_a_file(path: Path) -> None:
    path.mkdir()
    (path / "reviews.csv").write_bytes(GOOD)


CASES: dict[str, Case] = {
    "no file": Case(["no file of reviews at", "reviews.csv", "RANKMART_REVIEWS", "demo-data"]),
    "an empty file": Case(["reviews.csv is empty", "RANKMART_REVIEWS"], b""),
    "a header only": Case(
        ["reviews.csv has a header and no line below it"], GOOD.split(b"\n")[0] + b"\n"
    ),
    "unknown columns": Case(
        [
            "no column for user_id",
            "Columns found: who, what, stars, moment",
            "Known forms: Kaggle",
            "UCSD 2014 and 2018",
            "McAuley 2023",
            "reviews_columns",
        ],
        text("who,what,stars,moment", f"u1,mug,5,{FIRST}"),
    ),
    "unknown fields": Case(
        ["no column for product_id", "Columns found: reviewerID, thing, unixReviewTime"],
        text(json.dumps({"reviewerID": "u1", "thing": "mug", "unixReviewTime": FIRST})),
        name="reviews.json",
    ),
    "not UTF-8": Case(
        ["reviews.csv line 4 is not utf-8", "iconv", "reviews_encoding", "latin-1"],
        GOOD + f"u3,tüte,{FIRST},5\n".encode("latin-1") + GOOD.split(b"\n", 1)[1],
    ),
    "UTF-16": Case(["reviews.csv", "utf-16", "reviews_encoding"], GOOD.decode().encode("utf-16")),
    "a directory": Case(["is a directory", "/*.csv"], prepare=a_folder_with_a_file),
    "a JSON array": Case(
        ["is one JSON array", "one object a line", "jq"],
        json.dumps([{"reviewerID": "u1", "asin": "mug", "unixReviewTime": FIRST}]).encode(),
        name="reviews.json",
    ),
    "mostly malformed": Case(
        [
            "3 of 5 lines of reviews are malformed",
            "line 4 (missing columns)",
            "max_rejected_share",
        ],
        GOOD + b"a\nb\nc\n",
    ),
    "a gzip that is none": Case(["reviews.csv.gz"], GOOD, name="reviews.csv.gz"),
    "a products file without ids": Case(
        [
            "things.csv has no column for product_id (product_id, productid,",
            "Columns found: code, title, brand",
            "Name its columns product_id, title, brand, categories, price in the header",
        ],
        GOOD,
        products="things.csv",
        products_content=text("code,title,brand", "mug,Mug,Ton"),
        unsaid=["reviews_columns", "Known forms", "Kaggle", "reviewerID"],
    ),
    "no products file": Case(
        ["no file of products at", "gone.csv", "RANKMART_PRODUCTS"], GOOD, products="gone.csv"
    ),
    "an order of another name": Case(
        ["same_day_order is 'random': use file or shuffled"],
        GOOD,
        dbt_vars={"same_day_order": "random"},
    ),
    "a protocol of another name": Case(
        ["protocol is 'leave_one_out'", "temporal or leave_last_out"],
        GOOD,
        protocol="leave_one_out",
    ),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finished]:
    """What dbt said in each case; two run at a time."""

    def run(name: str) -> Finished:
        case, scratch = CASES[name], scratches[name]
        path = scratch / case.name
        if case.prepare is not None:
            case.prepare(path)
        elif case.content is not None:
            path.write_bytes(case.content)
        if case.products_content is not None:
            (scratch / case.products).write_bytes(case.products_content)
        project = Project(
            scratch,
            reviews=path,
            products=scratch / case.products if case.products else "",
            protocol=case.protocol,
        )
        return project.dbt("--select", "stg_reviews", **case.dbt_vars)

    scratches = {name: tmp_path_factory.mktemp("unreadable") for name in CASES}
    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip(CASES, pool.map(run, CASES), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_the_message_says_what_is_wrong_and_what_to_do(
    ended: dict[str, Finished], name: str
) -> None:
    finished = ended[name]
    assert finished.exit_code != 0
    message = finished.failed_plainly(exit_code=finished.exit_code)
    for words in CASES[name].words:
        assert words in message
    for words in CASES[name].unsaid:
        assert words not in message
