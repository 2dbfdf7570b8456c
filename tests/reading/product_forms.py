"""One small file of products in every form that is read, and what it says."""

import gzip
import json
from typing import NamedTuple


class Product(NamedTuple):
    """A product as it must come out of the file."""

    product_id: str
    title: str | None
    brand: str | None
    categories: str | None
    price: float | None


def json_lines(*objects: dict[str, object]) -> bytes:
    return "".join(f"{json.dumps(value)}\n" for value in objects).encode()


UCSD_2014 = json_lines(
    {
        "asin": "0000031852",
        "title": "Girls Ballet Tutu",
        "price": 3.17,
        "imUrl": "http://example.org/a.jpg",
        "related": {"also_bought": ["B00JHONN1S"]},
        "salesRank": {"Toys & Games": 211836},
        "brand": "Coxlures",
        "categories": [["Sports & Outdoors", "Other Sports", "Dance"], ["Sports & Outdoors"]],
    },
    {"asin": "0000031853", "categories": [["Books", 'Say "hello"']], "price": 0.0},
)

UCSD_2018 = json_lines(
    {
        "asin": "0000032069",
        "category": ["Sports & Outdoors", "Dance"],
        "description": ["A tutu"],
        "title": "Adult Ballet Tutu Cheetah Pink",
        "brand": "BubuBibi",
        "rank": [">#1,402 in Toys"],
        "price": "$1,012.99",
        "main_cat": "Toys",
    },
    {"asin": "0000032070", "category": [], "title": "", "brand": "", "price": ""},
)

MCAULEY_2023 = json_lines(
    {
        "main_category": "All Beauty",
        "title": "Howard LC0008 Leather Conditioner",
        "average_rating": 4.8,
        "features": [],
        "price": 7.5,
        "store": "Howard Products",
        "categories": ["Beauty", "Hair | Care"],
        "details": {"Brand": "Howard"},
        "parent_asin": "B01CUPMQZE",
    },
    {
        "main_category": "All Beauty",
        "title": "No price &amp; no store",
        "price": None,
        "store": None,
        "categories": [],
        "parent_asin": "B01CUPMQZF",
    },
)

CSV = (
    "product_id,title,brand,categories,price,colour\n"
    'mug,"Mug, blue",Ton,Kitchen|Mugs,12.50,blue\n'
    "cup,Cup,Unknown,Kitchen,0,\n"
    "cup,Cup of tea,Ton,Kitchen,3,\n"
)

FILES: dict[str, bytes] = {
    "metadata_2014.json": UCSD_2014,
    "meta_2018.json.gz": gzip.compress(UCSD_2018),
    "meta_2023.jsonl": MCAULEY_2023,
    "products.csv": CSV.encode(),
}

PRODUCTS = [
    Product(
        "0000031852",
        "Girls Ballet Tutu",
        "Coxlures",
        "Sports & Outdoors|Other Sports|Dance",
        3.17,
    ),
    Product(
        "0000032069",
        "Adult Ballet Tutu Cheetah Pink",
        "BubuBibi",
        "Sports & Outdoors|Dance",
        1012.99,
    ),
    Product("0000032070", None, None, None, None),
    Product("B01CUPMQZF", "No price & no store", None, None, None),
    Product("mug", "Mug, blue", "Ton", "Kitchen|Mugs", 12.5),
    Product("cup", "Cup of tea", "Ton", "Kitchen", 3.0),
]
