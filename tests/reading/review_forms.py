"""One small file of reviews in every form that is read, and what it says."""

import gzip
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

# 2013-05-01 00:00:00 UTC, and an hour, a day and a second later.
FIRST = 1_367_366_400
SECOND = FIRST + 3_600
THIRD = FIRST + 86_400
ODD = FIRST + 86_401


class Record(NamedTuple):
    """A review as it must come out of the file."""

    user_id: str
    product_id: str
    rating: float | None
    epoch: int
    title: str | None = None
    body: str | None = None
    helpful_votes: int | None = None
    total_votes: int | None = None
    is_verified: bool | None = None


@dataclass(frozen=True)
class Form:
    """A file's bytes, the name of its form, and its records in order."""

    content: bytes
    name: str
    records: list[Record]


def text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def json_lines(*objects: Mapping[str, object]) -> bytes:
    return text(*(json.dumps(value) for value in objects))


def parquet(columns: dict[str, pa.Array]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, tz=UTC)


KAGGLE = Form(
    text(
        "Id,ProductId,UserId,ProfileName,HelpfulnessNumerator,HelpfulnessDenominator,"
        "Score,Time,Summary,Text",
        f'1,B001E4KFG0,A3SGXH7AUHU8GW,delmartian,1,2,5,{FIRST},Good,"Crisp, and ""fresh"" too."',
        f'2,B00813GRG4,A1D87F6ZCVE5NK,"Pa, dll",0,0,1,{SECOND},Not it,Small &amp; stale.<br />No.',
        f"3,B000LQOCH0,ABXLMWJIXXAIN,Natalia,,,4,{THIRD},,",
    ),
    "kaggle_fine_foods",
    [
        Record("A3SGXH7AUHU8GW", "B001E4KFG0", 5, FIRST, "Good", 'Crisp, and "fresh" too.', 1, 2),
        Record(
            "A1D87F6ZCVE5NK",
            "B00813GRG4",
            1,
            SECOND,
            "Not it",
            "Small & stale. No.",
            0,
            0,
        ),
        Record("ABXLMWJIXXAIN", "B000LQOCH0", 4, THIRD),
    ],
)

UCSD_2014 = Form(
    json_lines(
        {
            "reviewerID": "A2IBPI20UZIR0U",
            "asin": "1384719342",
            "reviewerName": 'cass "yeah"',
            "helpful": [8, 14],
            "reviewText": "Does what it should,\nand well — really.",
            "overall": 5.0,
            "summary": "good",
            "unixReviewTime": FIRST,
            "reviewTime": "05 1, 2013",
        },
        {
            "reviewerID": "A14VAT5EAX3D9S",
            "asin": "1384719342",
            "helpful": [0, 0],
            "reviewText": "",
            "overall": 2.0,
            "summary": "Jake",
            "unixReviewTime": SECOND,
        },
    ),
    "ucsd_2014",
    [
        Record(
            "A2IBPI20UZIR0U",
            "1384719342",
            5,
            FIRST,
            "good",
            "Does what it should, and well — really.",
            8,
            14,
        ),
        Record("A14VAT5EAX3D9S", "1384719342", 2, SECOND, "Jake", None, 0, 0),
    ],
)

RATINGS_2014 = Form(
    text(
        f"AKM1MP6P0OYPR,0132793040,5.0,{FIRST}",
        f"A2CX7LUOHB2NDG,0321732944,1.0,{SECOND}",
        f"A2NWSAGRHCP8N5,0439886341,3.5,{THIRD}",
    ),
    "ratings_2014",
    [
        Record("AKM1MP6P0OYPR", "0132793040", 5, FIRST),
        Record("A2CX7LUOHB2NDG", "0321732944", 1, SECOND),
        Record("A2NWSAGRHCP8N5", "0439886341", 3.5, THIRD),
    ],
)

RATINGS_2018 = Form(
    text(
        f"0060009810,A1H8PY3QHMQQA0,5.0,{FIRST}",
        f"0060009811,A2SKEQT0WTB954,3.0,{SECOND}",
        f"0060009810,A3FYN0SZYWN74D,4.0,{THIRD}",
    ),
    "ratings_2018",
    [
        Record("A1H8PY3QHMQQA0", "0060009810", 5, FIRST),
        Record("A2SKEQT0WTB954", "0060009811", 3, SECOND),
        Record("A3FYN0SZYWN74D", "0060009810", 4, THIRD),
    ],
)

UCSD_2018 = Form(
    json_lines(
        {
            "overall": 4.0,
            "vote": "1,234",
            "verified": True,
            "reviewTime": "05 1, 2013",
            "reviewerID": "A1V6B6TNIC10QE",
            "asin": "0143026860",
            "style": {"Format:": " Paperback"},
            "reviewText": "Fun book.",
            "summary": "As a story",
            "unixReviewTime": FIRST,
        },
        {
            "overall": 5.0,
            "verified": False,
            "reviewerID": "A2F5GHSXFQ0W6J",
            "asin": "0143026860",
            "reviewText": "Kept me reading.",
            "unixReviewTime": SECOND,
            "image": ["https://example.org/a.jpg"],
        },
    ),
    "ucsd_2018",
    [
        Record(
            "A1V6B6TNIC10QE",
            "0143026860",
            4,
            FIRST,
            "As a story",
            "Fun book.",
            helpful_votes=1234,
            is_verified=True,
        ),
        Record(
            "A2F5GHSXFQ0W6J", "0143026860", 5, SECOND, body="Kept me reading.", is_verified=False
        ),
    ],
)

MCAULEY_2023 = Form(
    json_lines(
        {
            "rating": 5.0,
            "title": "Such a lovely scent",
            "text": "Not overpowering.<br /><br />Lasts.",
            "images": [],
            "asin": "B00YQ6X8EO",
            "parent_asin": "B00YQ6X8EP",
            "user_id": "AGKHLEW2SOWHNMFQIJGBECAF7INQ",
            "timestamp": FIRST * 1000 + 679,
            "helpful_vote": 3,
            "verified_purchase": True,
        },
        {
            "rating": 1.0,
            "title": "",
            "text": "Meh",
            "asin": "B081TJ8YS3",
            "parent_asin": "B081TJ8YS3",
            "user_id": "AGKHLEW2SOWHNMFQIJGBECAF7IN2",
            "timestamp": SECOND * 1000,
            "helpful_vote": 0,
            "verified_purchase": False,
        },
    ),
    "mcauley_2023",
    [
        Record(
            "AGKHLEW2SOWHNMFQIJGBECAF7INQ",
            "B00YQ6X8EP",
            5,
            FIRST,
            "Such a lovely scent",
            "Not overpowering. Lasts.",
            3,
            is_verified=True,
        ),
        Record(
            "AGKHLEW2SOWHNMFQIJGBECAF7IN2",
            "B081TJ8YS3",
            1,
            SECOND,
            None,
            "Meh",
            0,
            is_verified=False,
        ),
    ],
)

MCAULEY_2023_CSV = Form(
    text(
        "user_id,parent_asin,rating,timestamp",
        f"AFSKPY37N3C43SOI5IEXEK5JSIYA,B07J3GH1W1,5.0,{FIRST}432",
        f"AFSKPY37N3C43SOI5IEXEK5JSIYB,B07W397QG4,2.0,{SECOND}000",
    ),
    "mcauley_2023",
    [
        Record("AFSKPY37N3C43SOI5IEXEK5JSIYA", "B07J3GH1W1", 5, FIRST),
        Record("AFSKPY37N3C43SOI5IEXEK5JSIYB", "B07W397QG4", 2, SECOND),
    ],
)

WITH_RATING = Form(
    text(
        "Customer_ID,SKU,Order_Date,Stars,warehouse",
        "with-1,mug,2013-05-01,4,north",
        "with-2,mug,2013-05-01T01:00:00,2,south",
        "with-1,cup,2013-05-02 00:00:00,5,",
        "with-3,cup,2013-05-02T02:00:01+02:00,5,",
    ),
    "minimal",
    [
        Record("with-1", "mug", 4, FIRST),
        Record("with-2", "mug", 2, SECOND),
        Record("with-1", "cup", 5, THIRD),
        Record("with-3", "cup", 5, ODD),
    ],
)

WITHOUT_RATING = Form(
    text(
        "user_id,product_id,timestamp",
        f"without-1,mug,{FIRST}",
        f"without-2,cup,{SECOND}",
    ),
    "minimal",
    [Record("without-1", "mug", None, FIRST), Record("without-2", "cup", None, SECOND)],
)

SEMICOLONS = Form(
    text(
        "user;product;date;rating;text",
        'semi-1;mug;2013-05-01;4;"holds; warms, too"',
        "semi-2;cup;2013-05-02;3;plain, and thin",
    ),
    "minimal",
    [
        Record("semi-1", "mug", 4, FIRST, body="holds; warms, too"),
        Record("semi-2", "cup", 3, THIRD, body="plain, and thin"),
    ],
)

TABS = Form(
    text(
        "user\titem\ttime\trating\tsummary",
        f"tab-1\tmug\t{FIRST}\t4\tgood, really",
        f"tab-2\tcup\t{SECOND}\t3\t",
    ),
    "minimal",
    [Record("tab-1", "mug", 4, FIRST, "good, really"), Record("tab-2", "cup", 3, SECOND)],
)

LINE_BREAKS = Form(
    text(
        "user_id,product_id,timestamp,rating,text",
        f'break-1,mug,{FIRST},4,"one\ntwo\n\nfour"',
        f"break-2,cup,{SECOND},3,plain",
        f'break-3,cup,{THIRD},5,"last\nline"',
    ),
    "minimal",
    [
        Record("break-1", "mug", 4, FIRST, body="one two four"),
        Record("break-2", "cup", 3, SECOND, body="plain"),
        Record("break-3", "cup", 5, THIRD, body="last line"),
    ],
)

OTHER_LINE_BREAKS_IN_TEXT = Form(
    text(
        "user_id,product_id,timestamp,rating,text",
        f'other-1,mug,{FIRST},4,"one\r\ntwo"',
        f"other-2,cup,{SECOND},3,plain",
    ),
    "minimal",
    [
        Record("other-1", "mug", 4, FIRST, body="one two"),
        Record("other-2", "cup", 3, SECOND, body="plain"),
    ],
)

BYTE_ORDER_MARK = Form(
    b"\xef\xbb\xbf" + text("user_id,product_id,timestamp", f"bom-1,mug,{FIRST}"),
    "minimal",
    [Record("bom-1", "mug", None, FIRST)],
)

WINDOWS_LINES = Form(
    text(
        "user_id,product_id,timestamp,rating", f"crlf-1,mug,{FIRST},3", f"crlf-2,mug,{SECOND},4"
    ).replace(b"\n", b"\r\n"),
    "minimal",
    [Record("crlf-1", "mug", 3, FIRST), Record("crlf-2", "mug", 4, SECOND)],
)

NO_LAST_LINE_BREAK = Form(
    text("user_id,product_id,timestamp", f"cut-1,mug,{FIRST}", f"cut-2,tüte — 茶,{SECOND}")[:-1],
    "minimal",
    [Record("cut-1", "mug", None, FIRST), Record("cut-2", "tüte — 茶", None, SECOND)],
)

PARQUET_TIMESTAMPS = Form(
    parquet(
        {
            "user_id": pa.array(["parquet-1", "parquet-2"]),
            "product_id": pa.array(["mug", "cup"]),
            "ordered_at": pa.array(
                [moment(FIRST), moment(ODD)], type=pa.timestamp("us", tz="UTC")
            ),
            "rating": pa.array([4.5, None], type=pa.float64()),
            "quantity": pa.array([1, 2]),
        }
    ),
    "minimal",
    [Record("parquet-1", "mug", 4.5, FIRST)],  # the other has no rating, and is rejected
)

PARQUET_INTEGERS = Form(
    parquet(
        {
            "customer_id": pa.array([11, 12], type=pa.int64()),
            "item_id": pa.array([7, 8], type=pa.int32()),
            "timestamp": pa.array([FIRST, SECOND * 1000], type=pa.int64()),
        }
    ),
    "minimal",
    [Record("11", "7", None, FIRST), Record("12", "8", None, SECOND)],
)

PARQUET_LOCAL_TIMESTAMPS = Form(
    parquet(
        {
            "user_id": pa.array(["local-1"]),
            "product_id": pa.array(["mug"]),
            "time": pa.array([moment(ODD).replace(tzinfo=None)], type=pa.timestamp("ns")),
        }
    ),
    "minimal",
    [Record("local-1", "mug", None, ODD)],
)


def compressed(prefix: str) -> tuple[bytes, bytes, list[Record]]:
    """A CSV and the same in JSON lines, to be compressed; users are named after `prefix`."""
    records = [
        Record(f"{prefix}-1", "mug", 4, FIRST, body="warm"),
        Record(f"{prefix}-2", "cup", 3, SECOND, body="cold"),
    ]
    as_csv = text(
        "user_id,product_id,timestamp,rating,text",
        *(
            f"{one.user_id},{one.product_id},{one.epoch},{one.rating},{one.body}"
            for one in records
        ),
    )
    as_json = json_lines(
        *(
            {
                "reviewerID": one.user_id,
                "asin": one.product_id,
                "overall": one.rating,
                "unixReviewTime": one.epoch,
                "reviewText": one.body,
            }
            for one in records
        )
    )
    return as_csv, as_json, records


def compressed_forms() -> dict[str, Form]:
    forms = {}
    for ending, compress in (
        ("gz", gzip.compress),
        ("zst", zstandard.ZstdCompressor().compress),
    ):
        as_csv, _, records = compressed(f"csv-{ending}")
        forms[f"minimal.csv.{ending}"] = Form(compress(as_csv), "minimal", records)
        _, as_json, records = compressed(f"json-{ending}")
        forms[f"ucsd.json.{ending}"] = Form(compress(as_json), "ucsd_2014", records)
    return forms


FORMS: dict[str, Form] = {
    "Reviews.csv": KAGGLE,
    "Musical_Instruments_5.json": UCSD_2014,
    "ratings_2014.csv": RATINGS_2014,
    "ratings_2018.csv": RATINGS_2018,
    "ucsd_2018.json": UCSD_2018,
    "All_Beauty.jsonl": MCAULEY_2023,
    "mcauley_2023.csv": MCAULEY_2023_CSV,
    "with_rating.csv": WITH_RATING,
    "without_rating.csv": WITHOUT_RATING,
    "semicolons.csv": SEMICOLONS,
    "tabs.tsv": TABS,
    "line_breaks.csv": LINE_BREAKS,
    "other_line_breaks.csv": OTHER_LINE_BREAKS_IN_TEXT,
    "byte_order_mark.csv": BYTE_ORDER_MARK,
    "windows_lines.csv": WINDOWS_LINES,
    "no_last_line_break.csv": NO_LAST_LINE_BREAK,
    "timestamps.parquet": PARQUET_TIMESTAMPS,
    "integers.parquet": PARQUET_INTEGERS,
    "local_timestamps.parquet": PARQUET_LOCAL_TIMESTAMPS,
    **compressed_forms(),
}
