"""`rankmart download`: a public set of reviews, whole and in a form that Rankmart reads."""

import logging
import shlex
from dataclasses import dataclass
from pathlib import Path

from rankmart.download.convert import CONVERSIONS, converted_name
from rankmart.download.datasets import SUBSETS, Dataset, Source, dataset_named, datasets
from rankmart.download.kaggle import fetch_from_kaggle
from rankmart.download.transfer import DownloadError, fetch
from rankmart.errors import RankmartError

__all__ = ["SUBSETS", "DownloadError", "Downloaded", "dataset_list", "dataset_named", "download"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Downloaded:
    """Where the files are now."""

    reviews: Path
    products: Path | None

    def next_steps(self) -> str:
        """The commands that build on them, to be pasted into a shell."""
        lines = [f"export RANKMART_REVIEWS={shlex.quote(str(self.reviews))}"]
        if self.products is None:
            lines.append("unset RANKMART_PRODUCTS")
        else:
            lines.append(f"export RANKMART_PRODUCTS={shlex.quote(str(self.products))}")
        return "\n".join([*lines, "dbt run && make score"])


def download(
    dataset: Dataset,
    out: Path,
    *,
    subset: str | None = None,
    products: bool = True,
    force: bool = False,
) -> Downloaded:
    """Get the files of a set into `<out>/<name>`; those that are there stay, unless `force`.

    Raises DownloadError, or RankmartError for a subset that the set does not have.
    """
    chosen = subset or dataset.subsets[0]
    if chosen not in dataset.reviews:
        raise RankmartError(
            f"{dataset.name} has no subset {chosen}: it has {', '.join(dataset.subsets)}"
        )
    folder = out / dataset.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if dataset.kaggle:
            reviews = folder / dataset.reviews[chosen].file
            if _wanted(reviews, force=force):
                fetch_from_kaggle(dataset.kaggle, reviews.name, reviews)
            return Downloaded(reviews=reviews, products=None)
        return Downloaded(
            reviews=_get(dataset.reviews[chosen], folder, force=force),
            products=(
                _get(dataset.products, folder, force=force)
                if products and dataset.products is not None
                else None
            ),
        )
    except OSError as error:
        raise DownloadError(f"can't write to {folder} ({error.strerror or error})") from error


def dataset_list() -> list[tuple[str, str, str, str]]:
    """Name, reviews of the default subset, subsets, and what it is, of every set."""
    return [
        (name, dataset.count, ", ".join(dataset.subsets), dataset.about)
        for name, dataset in datasets().items()
    ]


def _get(source: Source, folder: Path, *, force: bool) -> Path:
    target = folder / converted_name(source.file, source.convert)
    if not _wanted(target, force=force):
        return target
    if not source.convert:
        fetch(source.addresses, target, sha256=source.sha256)
        return target
    convert, growth = CONVERSIONS[source.convert]
    packed = folder / source.addresses[0].rpartition("/")[2]
    if force or not packed.exists():
        fetch(source.addresses, packed, sha256=source.sha256, growth=1 + growth)
    count = convert(packed, target)
    packed.unlink()
    logger.info("%s: %s records", target, f"{count:,}")
    return target


def _wanted(target: Path, *, force: bool) -> bool:
    if force or not target.exists():
        return True
    logger.info("%s is there already", target)
    return False
