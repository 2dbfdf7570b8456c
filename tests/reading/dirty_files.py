"""Files with every kind of dirt, and the outcome that each of their lines must have."""

import json
from dataclasses import dataclass

from .review_forms import FIRST, SECOND, text

FAR_FUTURE = 4_102_444_800  # 2100-01-01
TOO_EARLY = 788_918_399  # 1994-12-31 23:59:59

COPIED = "The shop copies this review to every variant of the product."


@dataclass(frozen=True)
class Line:
    """A line of a file and what must become of it; `outcome` is None for one that is none."""

    raw: str
    outcome: str | None


ACCEPTED = "accepted"

KAGGLE_HEADER = Line(
    "Id,ProductId,UserId,ProfileName,HelpfulnessNumerator,HelpfulnessDenominator,Score,Time,Summary,Text",
    None,
)

KAGGLE_LINES: list[Line] = [
    KAGGLE_HEADER,
    Line(f"1,P1,U01,n,0,0,5,{FIRST},s,good", ACCEPTED),
    Line(f"2,P1,U02,n,0,0,5,{FIRST}", "malformed line: missing columns"),
    Line(f"3,P1,U03,n,0,0,5,{FIRST},s,good,more", "malformed line: too many columns"),
    Line(f'4,P1,U04,n,0,0,5,{FIRST},s,"a quote " within"', "malformed line: unquoted value"),
    Line(f"5,P1,,n,0,0,5,{FIRST},s,t", "empty user id"),
    Line(f"6,P1,  ,n,0,0,5,{FIRST},s,t", "empty user id"),
    Line(f"7,,U07,n,0,0,5,{FIRST},s,t", "empty product id"),
    Line(f"8,P1,U08,n,0,0,,{FIRST},s,t", "empty rating"),
    Line(f"9,P1,U09,n,0,0,five,{FIRST},s,t", "rating is not a number"),
    Line(f"10,P1,U10,n,0,0,nan,{FIRST},s,t", "rating outside 1 to 5"),
    Line(f"11,P1,U11,n,0,0,0,{FIRST},s,t", "rating outside 1 to 5"),
    Line(f"12,P1,U12,n,0,0,6,{FIRST},s,t", "rating outside 1 to 5"),
    Line(f"13,P1,U13,n,0,0,-1,{FIRST},s,t", "rating outside 1 to 5"),
    Line("14,P1,U14,n,0,0,5,,s,t", "empty time"),
    Line("15,P1,U15,n,0,0,5,yesterday,s,t", "time is not a number or date"),
    Line("16,P1,U16,n,0,0,5,2013-02-30,s,t", "time is not a number or date"),
    Line(f"17,P1,U17,n,0,0,5,{FAR_FUTURE},s,t", "time in the future"),
    Line(f"18,P1,U18,n,0,0,5,{FAR_FUTURE}000,s,t", "time in the future"),
    Line(f"19,P1,U19,n,0,0,5,{TOO_EARLY},s,t", "time before 1995"),
    Line("20,P1,U20,n,0,0,5,0,s,t", "time before 1995"),
    Line("21,P1,U21,n,0,0,5,-5,s,t", "time before 1995"),
    Line(f"22,P1,U22,n,0,0,5,{TOO_EARLY + 1},s,t", ACCEPTED),
    Line(f"23,P1,U23,n,0,0,1,{FIRST}123,s,milliseconds", ACCEPTED),
    Line(f"24,P1,U24,n,3,2,5,{FIRST},s,more helpful votes than votes", ACCEPTED),
    Line(f"25,P1,U25,n,x,y,5,{FIRST},s,votes that are no numbers", ACCEPTED),
    Line(f"26,P1,U26,n,0,0,5.0,{FIRST},<b>Bold</b>,A <i>fine</i>&nbsp;one<br/>indeed", ACCEPTED),
    Line(f"27,P1,U01,n,0,0,5,{FIRST},s,good", "duplicate of line 2"),
    Line(f"28,P1,U01,n,0,0,5,{SECOND},s,good", ACCEPTED),  # later: the same again, no copy
    Line(f"29,P1,U01,n,0,0,4,{FIRST},s,good", ACCEPTED),  # other stars
    Line(f"30, P1 , U01 ,n,0,0, 5 , {FIRST} ,s,good", "duplicate of line 2"),
    Line(f"31,P2,U31,n,0,0,5,{FIRST},s,{COPIED}", ACCEPTED),
    Line(f"32,P3,U31,n,0,0,5,{FIRST},s,{COPIED}", ACCEPTED),  # a variant, no duplicate
    Line(f"33,P3,U31,n,0,0,5,{FIRST},s,{COPIED}", "duplicate of line 33"),
    Line(f"34,P1,U34,n,0,0,9,{FIRST},s,t", "rating outside 1 to 5"),
    Line(f"35,P1,U34,n,0,0,9,{FIRST},s,t", "rating outside 1 to 5"),  # rejected is no duplicate
    Line("just some words", "malformed line: missing columns"),
    Line(f"36,P1,U36,n,0,0,5,{FIRST},s,the last", ACCEPTED),
]

WITH_BLANK_LINES: list[Line] = [
    Line("user_id,product_id,timestamp,rating,text", None),
    Line(f"blank-1,P1,{FIRST},5,t", ACCEPTED),
    Line("", None),
    Line(f"blank-2,P1,{FIRST},5,t", ACCEPTED),
    Line("blank-3", "malformed line: missing columns"),
    Line("", None),
    Line("", None),
    Line(f"blank-4,P1,{FIRST},8,t", "rating outside 1 to 5"),
    Line("", None),
    Line(f"blank-6,P1,{FIRST},5,t", ACCEPTED),
    Line("blank-7", "malformed line: missing columns"),
    Line(f"blank-8,P1,{FIRST},5,t", ACCEPTED),
]


# A record counts as one line, however many it takes.
WITH_LINE_BREAKS: list[Line] = [
    Line("user_id,product_id,timestamp,rating,text", None),
    Line(f"break-1,P1,{FIRST},5,t", ACCEPTED),
    Line(f'break-2,P1,{FIRST},5,"of three\n\nlines, one of them blank"', ACCEPTED),
    Line("break-3", "malformed line: missing columns"),
    Line(f'break-4,P1,{FIRST},8,"of two\nlines"', "rating outside 1 to 5"),
    Line(f"break-5,P1,{FIRST},5,t", ACCEPTED),
    Line("break-6", "malformed line: missing columns"),
    Line(f"break-7,P1,{FIRST},5,t", ACCEPTED),
]


def review(**fields: object) -> str:
    return json.dumps(
        {"reviewerID": "J01", "asin": "P1", "overall": 5.0, "unixReviewTime": FIRST} | fields
    )


JSON_LINES: list[Line] = [
    Line(review(), ACCEPTED),
    Line(
        '{"reviewerID": "J02", "asin": "P1", "overall": 5.0, ', "malformed line: not a JSON object"
    ),
    Line('["J03", "P1", 5.0]', "malformed line: not a JSON object"),
    Line("null", "malformed line: not a JSON object"),
    Line("", None),
    Line(
        '{"reviewerID": "J04", "overall": 5.0, "unixReviewTime": 1367366400}', "empty product id"
    ),
    Line(review(reviewerID=None), "empty user id"),
    Line(review(reviewerID="J05", overall="good"), "rating is not a number"),
    Line(review(reviewerID="J06", unixReviewTime=None), "empty time"),
    Line(review(), "duplicate of line 1"),
    Line(review(reviewerID="J07", unknown=[1, {"deep": True}]), ACCEPTED),
]

DIRTY: dict[str, list[Line]] = {
    "dirty.csv": KAGGLE_LINES,
    "dirty_blank.csv": WITH_BLANK_LINES,
    "dirty_breaks.csv": WITH_LINE_BREAKS,
    "dirty.jsonl": JSON_LINES,
}


def content(lines: list[Line]) -> bytes:
    return text(*(line.raw for line in lines))
