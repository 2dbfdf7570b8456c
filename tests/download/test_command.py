"""`rankmart download` from the set's name to files that `dbt run` reads."""

import gzip
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from project import Project
from rankmart.download.datasets import SUBSETS, Dataset, Source, dataset_named, datasets

from .archive import Archive
from .test_convert import BLOCKS

FINE_FOODS = "/data/finefoods.txt.gz"
OF_2014 = "/data/amazon/productGraph/categoryFiles"
REVIEW = (
    '{"reviewerID": "A2IBPI20UZIR0U", "asin": "1384719342", "overall": 5.0,'
    ' "unixReviewTime": 1367366400, "helpful": [0, 0], "reviewText": "Good", "summary": "Yes"}\n'
)
PRODUCT = "{'asin': '1384719342', 'title': 'Strings', 'brand': 'Fender'}\n"


def of(project: Project, archive: Archive) -> Project:
    return replace(project, more={"RANKMART_MIRROR": archive.url})


@pytest.fixture
def of_2014(project: Project, archive: Archive) -> Project:
    """A project whose mirror has the reviews and products of a set of 2014."""
    archive.add(
        f"{OF_2014}/reviews_Musical_Instruments_5.json.gz", gzip.compress(REVIEW.encode() * 50)
    )
    archive.add(f"{OF_2014}/meta_Musical_Instruments.json.gz", gzip.compress(PRODUCT.encode()))
    return of(project, archive)


def test_a_set_of_reviews_and_products_is_read_by_dbt_as_it_says(of_2014: Project) -> None:
    finished = of_2014.rankmart("download", "2014-musical-instruments").succeeded()
    said = dict(
        shlex.split(line)[1].split("=", 1)
        for line in finished.stdout.splitlines()
        if line.startswith("export ")
    )
    assert finished.stdout.splitlines()[-1] == "dbt run && make score"
    built = replace(
        of_2014,
        reviews=of_2014.scratch / said["RANKMART_REVIEWS"],
        products=of_2014.scratch / said["RANKMART_PRODUCTS"],
    )
    built.read().succeeded()
    forms = built.rows("select dataset, source_form from raw.files order by dataset")
    assert [form for dataset, form in forms if dataset == "reviews"] == ["ucsd_2014"]
    assert built.rows("select title, brand from products") == [("Strings", "Fender")]


def test_fine_foods_of_snap_are_read_by_dbt_as_those_of_kaggle(
    project: Project, archive: Archive
) -> None:
    archive.add(FINE_FOODS, gzip.compress(BLOCKS.encode("latin-1")))
    of(project, archive).rankmart("download", "fine-foods").succeeded()
    folder = project.scratch / "data" / "fine-foods"
    assert [path.name for path in folder.iterdir()] == ["Reviews.csv"]
    built = replace(project, reviews=folder / "Reviews.csv")
    built.read().succeeded()
    [(form,)] = built.rows("select source_form from raw.files")
    assert form == "kaggle_fine_foods"
    assert built.rows("select user_id, body from reviews order by source_line") == [
        ("A3SGXH7AUHU8GW", "Several, of them. Ratio: 3:1"),
        ("A1D87F6ZCVE5NK", "Café still the same review"),
    ]


def test_what_is_there_is_not_downloaded_again_unless_forced(
    of_2014: Project, archive: Archive
) -> None:
    arguments = ("download", "2014-musical-instruments", "--no-products")
    of_2014.rankmart(*arguments).succeeded()
    first = len(archive.requests)
    assert "is there already" in of_2014.rankmart(*arguments).succeeded().stderr
    assert len(archive.requests) == first
    of_2014.rankmart(*arguments, "--force").succeeded()
    assert len(archive.requests) == first + 1


def test_without_products_the_variable_of_an_earlier_set_is_taken_back(of_2014: Project) -> None:
    finished = of_2014.rankmart("download", "2014-musical-instruments", "--no-products")
    assert "unset RANKMART_PRODUCTS" in finished.succeeded().stdout


def test_progress_is_no_bar_where_there_is_no_terminal(of_2014: Project) -> None:
    finished = of_2014.rankmart("download", "2014-musical-instruments").succeeded()
    assert "reviews_Musical_Instruments_5.json.gz: from byte 0 of " in finished.stderr
    assert "\r" not in finished.stderr


def test_ratings_with_another_checksum_are_refused_until_told_otherwise(
    project: Project, archive: Archive
) -> None:
    archive.add(f"{OF_2014}/ratings_Baby.csv", b"A2CX7LUOHB2NDG,0321732944,1.0,1367366400\n")
    arguments = ("download", "2014-baby", "--subset", "ratings", "--no-products")
    message = of(project, archive).rankmart(*arguments).failed_plainly()
    assert "ratings_Baby.csv is not the file that is known" in message
    of(project, archive).rankmart(*arguments, "--no-checksum").succeeded()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["2014-beuaty"], "no set '2014-beuaty' (did you mean 2014-beauty"),
        (["2014-beauty"], "the server answers 404"),
        (["fine-foods", "--subset", "5-core"], "fine-foods has no subset 5-core: it has full"),
        (["2014-beauty", "--out", "/proc/here"], "can't write to /proc/here/2014-beauty"),
        (["fine-foods-kaggle"], "there is no `kaggle` on the path"),
    ],
)
def test_errors_say_what_to_do(
    project: Project, archive: Archive, arguments: list[str], words: str
) -> None:
    finished = of(project, archive).rankmart("download", *arguments)
    assert words in finished.failed_plainly()


def test_a_name_is_needed_unless_sets_are_listed(project: Project) -> None:
    assert "Name a set" in project.rankmart("download").failed_plainly(exit_code=2)
    listed = project.rankmart("download", "--list").succeeded().stdout.splitlines()[1:]
    assert [line.split()[0] for line in listed] == list(datasets())


def kaggle_client(folder: Path, body: str) -> str:
    """A `kaggle` that does what `body` says with its --path as `path`; the PATH with it first."""
    client = folder / "bin" / "kaggle"
    client.parent.mkdir()
    client.write_text(
        f"#!{sys.executable}\nimport sys, pathlib, zipfile\n"
        "assert sys.argv[1:4] == ['datasets', 'download', 'snap/amazon-fine-food-reviews']\n"
        "path = pathlib.Path(sys.argv[sys.argv.index('--path') + 1])\n" + body,
        encoding="utf-8",
    )
    client.chmod(0o755)
    return str(client.parent)


@pytest.mark.parametrize(
    "body",
    [
        "(path / 'Reviews.csv').write_text('Id\\n1\\n')\n",
        "zipfile.ZipFile(path / 'Reviews.csv.zip', 'w').writestr('Reviews.csv', 'Id\\n1\\n')\n",
    ],
    ids=["plain", "zipped"],
)
def test_kaggle_is_asked_through_the_users_own_client(project: Project, body: str) -> None:
    asked = replace(project, more={"PATH": kaggle_client(project.scratch, body)})
    asked.rankmart("download", "fine-foods-kaggle").succeeded()
    folder = project.scratch / "data" / "fine-foods-kaggle"
    assert [path.name for path in folder.iterdir()] == ["Reviews.csv"]
    assert (folder / "Reviews.csv").read_text(encoding="utf-8") == "Id\n1\n"


def test_what_kaggles_client_complains_of_is_told(project: Project) -> None:
    body = "sys.exit('Could not find kaggle.json')\n"
    asked = replace(project, more={"PATH": kaggle_client(project.scratch, body)})
    message = asked.rankmart("download", "fine-foods-kaggle").failed_plainly()
    assert "Could not find kaggle.json" in message
    assert "`rankmart download fine-foods` needs no account" in message


def sources(dataset: Dataset) -> list[Source]:
    return [*dataset.reviews.values(), *([dataset.products] if dataset.products else [])]


def test_every_set_has_files_of_known_hosts_and_unlike_names() -> None:
    hosts = {"snap.stanford.edu", "mcauleylab.ucsd.edu"} | {
        f"{name}.ucsd.edu" for name in ("datarepo.eng", "jmcauley")
    }
    for name, dataset in datasets().items():
        assert dataset.name == name == name.lower()
        assert set(dataset.subsets) <= set(SUBSETS)
        files = [source.file for source in sources(dataset)]
        assert len(set(files)) == len(files), name
        for source in sources(dataset):
            assert {urlsplit(address).hostname for address in source.addresses} <= hosts
            assert all(address.startswith("https://") for address in source.addresses)
            assert bool(source.addresses) != bool(dataset.kaggle), name


def test_ratings_of_every_year_have_a_checksum() -> None:
    for name, dataset in datasets().items():
        if "ratings" in dataset.subsets:
            assert len(dataset.reviews["ratings"].sha256) == 64, name
    assert not dataset_named("2014-baby", checksums=False).reviews["ratings"].sha256
