"""The public review sets, by name, and where each is published.

| sets | page | files |
| --- | --- | --- |
| `fine-foods` | <https://snap.stanford.edu/data/web-FineFoods.html> | snap.stanford.edu |
| `fine-foods-kaggle` | <https://www.kaggle.com/datasets/snap/amazon-fine-food-reviews> | Kaggle |
| `2014-…` | <https://cseweb.ucsd.edu/~jmcauley/datasets/amazon/links.html> | snap.stanford.edu |
| `2018-…` | <https://cseweb.ucsd.edu/~jmcauley/datasets/amazon_v2/> | mcauleylab.ucsd.edu |
| `2023-…` | <https://amazon-reviews-2023.github.io/> | mcauleylab.ucsd.edu |

Those of UCSD have been at several addresses over the years; all of them are tried, in order. The
counts of reviews are those of the pages, rounded, to choose by; they publish neither bytes nor
checksums. The pages ask
those who use the data to cite the papers that they name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rankmart.download.checksums import RATINGS_SHA256
from rankmart.errors import RankmartError

SUBSETS = ("5-core", "full", "ratings")


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file of an archive.

    addresses: where it is, the first that answers is taken. file: its name here.
    convert: how it becomes what Rankmart reads, `snap` (blocks to CSV) or `literals` (Python's
        literals to JSON lines); empty where it is read as it is.
    sha256: of the file as it is at the address; empty where nobody published it.
    """

    addresses: tuple[str, ...]
    file: str
    convert: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A public set. `reviews` maps the subsets that it has to their files, the default first."""

    name: str
    about: str
    count: str
    reviews: Mapping[str, Source] = field(default_factory=dict)
    products: Source | None = None
    kaggle: str = ""
    """The set at Kaggle and its file, for the user's own client."""

    @property
    def subsets(self) -> tuple[str, ...]:
        return tuple(self.reviews)


class NoSuchDatasetError(RankmartError):
    """A name that no public set has here."""


def datasets() -> dict[str, Dataset]:
    """All sets by name, in the order in which they are listed."""
    sets = [_fine_foods(), _fine_foods_of_kaggle()]
    sets += [_of_2014(category, count) for category, count in _OF_2014.items()]
    sets += [_of_2018(category, count) for category, count in _OF_2018.items()]
    sets += [_of_2023(category, count) for category, count in _OF_2023.items()]
    return {dataset.name: dataset for dataset in sets}


def dataset_named(name: str, *, checksums: bool = True) -> Dataset:
    """The set of that name, without checksums if they are not wanted.

    Raises NoSuchDatasetError, which names those that are written alike.
    """
    import difflib

    known = datasets()
    if name not in known:
        alike = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        or_else = f" (did you mean {', '.join(alike)}?)" if alike else ""
        raise NoSuchDatasetError(f"no set {name!r}{or_else}: `rankmart download --list` has all")
    dataset = known[name]
    if checksums:
        return dataset
    unchecked = {subset: replace(file, sha256="") for subset, file in dataset.reviews.items()}
    return replace(dataset, reviews=unchecked)


def _fine_foods() -> Dataset:
    return Dataset(
        name="fine-foods",
        about="Amazon fine foods, 1999 to 2012, from SNAP; made into CSV",
        count="568,454",
        reviews={
            "full": Source(
                addresses=("https://snap.stanford.edu/data/finefoods.txt.gz",),
                file="Reviews.csv",
                convert="snap",
            )
        },
    )


def _fine_foods_of_kaggle() -> Dataset:
    return Dataset(
        name="fine-foods-kaggle",
        about="the same from Kaggle, through your own `kaggle` client",
        count="568,454",
        reviews={"full": Source(addresses=(), file="Reviews.csv")},
        kaggle="snap/amazon-fine-food-reviews",
    )


def _of_2014(category: str, count: str) -> Dataset:
    def file(name: str, *, convert: str = "", sha256: str = "") -> Source:
        return Source(
            addresses=(
                f"https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/{name}",
                f"https://mcauleylab.ucsd.edu/public_datasets/data/amazon/categoryFiles/{name}",
            ),
            file=name,
            convert=convert,
            sha256=sha256,
        )

    return Dataset(
        name=_slug("2014", category),
        about=f"UCSD 2014, {_words(category)}",
        count=count,
        reviews={
            "5-core": file(f"reviews_{category}_5.json.gz"),
            "full": file(f"reviews_{category}.json.gz"),
            "ratings": file(f"ratings_{category}.csv", sha256=RATINGS_SHA256[f"2014/{category}"]),
        },
        products=file(f"meta_{category}.json.gz", convert="literals"),
    )


def _of_2018(category: str, count: str) -> Dataset:
    def file(folder: str, name: str, *, sha256: str = "") -> Source:
        return Source(
            addresses=(
                f"https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/{folder}/{name}",
                f"https://datarepo.eng.ucsd.edu/mcauley_group/data/amazon_v2/{folder}/{name}",
                f"https://jmcauley.ucsd.edu/data/amazon_v2/{folder}/{name}",
            ),
            file=name,
            sha256=sha256,
        )

    return Dataset(
        name=_slug("2018", category),
        about=f"UCSD 2018, {_words(category)}",
        count=count,
        reviews={
            "5-core": file("categoryFilesSmall", f"{category}_5.json.gz"),
            "full": file("categoryFiles", f"{category}.json.gz"),
            "ratings": file(
                "categoryFilesSmall", f"{category}.csv", sha256=RATINGS_SHA256[f"2018/{category}"]
            ),
        },
        products=file("metaFiles2", f"meta_{category}.json.gz"),
    )


def _of_2023(category: str, count: str) -> Dataset:
    def file(folder: str, name: str, *, here: str = "", sha256: str = "") -> Source:
        return Source(
            addresses=(
                f"https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/{folder}/{name}",
                f"https://datarepo.eng.ucsd.edu/mcauley_group/data/amazon_2023/{folder}/{name}",
            ),
            file=here or name,
            sha256=sha256,
        )

    return Dataset(
        name=_slug("2023", category),
        about=f"McAuley 2023, {_words(category)}",
        count=count,
        reviews={
            "full": file("raw/review_categories", f"{category}.jsonl.gz"),
            "5-core": file(
                "benchmark/5core/rating_only", f"{category}.csv.gz", here=f"{category}_5.csv.gz"
            ),
            "ratings": file(
                "benchmark/0core/rating_only",
                f"{category}.csv.gz",
                sha256=RATINGS_SHA256[f"2023/{category}"],
            ),
        },
        products=file("raw/meta_categories", f"meta_{category}.jsonl.gz"),
    )


def _slug(year: str, category: str) -> str:
    return f"{year}-{category.lower().replace('_', '-')}"


def _words(category: str) -> str:
    return category.replace("_", " ").replace("AMAZON FASHION", "Amazon Fashion")


# Reviews of the 5-core subset, about.
_OF_2014 = {
    "Amazon_Instant_Video": "37.1K",
    "Apps_for_Android": "752.9K",
    "Automotive": "20.5K",
    "Baby": "160.8K",
    "Beauty": "198.5K",
    "Books": "8.9M",
    "CDs_and_Vinyl": "1.1M",
    "Cell_Phones_and_Accessories": "194.4K",
    "Clothing_Shoes_and_Jewelry": "278.7K",
    "Digital_Music": "64.7K",
    "Electronics": "1.7M",
    "Grocery_and_Gourmet_Food": "151.3K",
    "Health_and_Personal_Care": "346.4K",
    "Home_and_Kitchen": "551.7K",
    "Kindle_Store": "982.6K",
    "Movies_and_TV": "1.7M",
    "Musical_Instruments": "10.3K",
    "Office_Products": "53.3K",
    "Patio_Lawn_and_Garden": "13.3K",
    "Pet_Supplies": "157.8K",
    "Sports_and_Outdoors": "296.3K",
    "Tools_and_Home_Improvement": "134.5K",
    "Toys_and_Games": "167.6K",
    "Video_Games": "231.8K",
}

# The same.
_OF_2018 = {
    "AMAZON_FASHION": "3.2K",
    "All_Beauty": "5.3K",
    "Appliances": "2.3K",
    "Arts_Crafts_and_Sewing": "494.5K",
    "Automotive": "1.7M",
    "Books": "27.2M",
    "CDs_and_Vinyl": "1.4M",
    "Cell_Phones_and_Accessories": "1.1M",
    "Clothing_Shoes_and_Jewelry": "11.3M",
    "Digital_Music": "169.8K",
    "Electronics": "6.7M",
    "Gift_Cards": "3.0K",
    "Grocery_and_Gourmet_Food": "1.1M",
    "Home_and_Kitchen": "6.9M",
    "Industrial_and_Scientific": "77.1K",
    "Kindle_Store": "2.2M",
    "Luxury_Beauty": "34.3K",
    "Magazine_Subscriptions": "2.4K",
    "Movies_and_TV": "3.4M",
    "Musical_Instruments": "231.4K",
    "Office_Products": "800.4K",
    "Patio_Lawn_and_Garden": "798.4K",
    "Pet_Supplies": "2.1M",
    "Prime_Pantry": "137.8K",
    "Software": "12.8K",
    "Sports_and_Outdoors": "2.8M",
    "Tools_and_Home_Improvement": "2.1M",
    "Toys_and_Games": "1.8M",
    "Video_Games": "497.6K",
}

# All reviews, rounded as on the page.
_OF_2023 = {
    "All_Beauty": "701.5K",
    "Amazon_Fashion": "2.5M",
    "Appliances": "2.1M",
    "Arts_Crafts_and_Sewing": "9.0M",
    "Automotive": "20.0M",
    "Baby_Products": "6.0M",
    "Beauty_and_Personal_Care": "23.9M",
    "Books": "29.5M",
    "CDs_and_Vinyl": "4.8M",
    "Cell_Phones_and_Accessories": "20.8M",
    "Clothing_Shoes_and_Jewelry": "66.0M",
    "Digital_Music": "130.4K",
    "Electronics": "43.9M",
    "Gift_Cards": "152.4K",
    "Grocery_and_Gourmet_Food": "14.3M",
    "Handmade_Products": "664.2K",
    "Health_and_Household": "25.6M",
    "Health_and_Personal_Care": "494.1K",
    "Home_and_Kitchen": "67.4M",
    "Industrial_and_Scientific": "5.2M",
    "Kindle_Store": "25.6M",
    "Magazine_Subscriptions": "71.5K",
    "Movies_and_TV": "17.3M",
    "Musical_Instruments": "3.0M",
    "Office_Products": "12.8M",
    "Patio_Lawn_and_Garden": "16.5M",
    "Pet_Supplies": "16.8M",
    "Software": "4.9M",
    "Sports_and_Outdoors": "19.6M",
    "Subscription_Boxes": "16.2K",
    "Tools_and_Home_Improvement": "27.0M",
    "Toys_and_Games": "16.3M",
    "Video_Games": "4.6M",
    "Unknown": "63.8M",
}
