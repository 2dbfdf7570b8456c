"""Writes the reviews' summaries and texts, from sentences with slots for the product's qualities.

A family has qualities of its own, which its reviewers come back to: that is what makes texts
say something about products, and not only about how happy the reviewer is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankmart.demo_data import sentences
from rankmart.demo_data.catalogue import Family
from rankmart.demo_data.demand import Ints
from rankmart.demo_data.review_words import PEOPLE, PLAIN_STYLES, VOICES

DRAWS = 32
"""How many random numbers one review takes."""

_QUALITIES = 4
_WHENS = (
    *("last month", "in spring", "a year ago", "two weeks ago", "last summer", "for the holidays"),
    *("before a trip", "after reading the reviews", "on sale", "for my birthday"),
)
_WHEN2S = ("last year", "spring", "I first ordered", "the summer")
_NTHS = ("second", "third", "fourth", "fifth", "tenth")
_STARS = ("One star", "Two stars", "Three stars", "Four stars", "Five stars")

Pools = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Subject:
    """What reviews of one family draw their words from."""

    fixed: dict[str, str]
    """Slots that are the same in each of its reviews."""
    praise: tuple[str, ...]
    blame: tuple[str, ...]
    strengths: tuple[str, ...]
    faults: tuple[str, ...]
    uses: tuple[str, ...]
    eaters: tuple[str, ...]
    details: Pools
    asides: Pools
    summaries: Pools
    link: str
    """The HTML by which reviews of other products point to this one."""


def subject_of(family: Family, rng: np.random.Generator) -> Subject:
    """Choose what is good and bad about a family, from what may be said of its kind."""
    voice = VOICES[family.shelf.voice]
    plural = family.good.endswith("s") and not family.good.endswith("ss")
    good = family.good.lower()
    countable = not plural and family.shelf.voice in {"gear", "chocolate"}
    article = ("an " if good[0] in "aeiou" else "a ") if countable else ""
    style = family.style.lower() if family.style in PLAIN_STYLES else ""
    first = family.products[0]
    asides = sentences.ASIDES
    if family.shelf.voice != "gear":
        asides = {mood: asides[mood] + sentences.CONSUMED[mood] for mood in asides}
    return Subject(
        fixed={
            "this": f"these {good}" if plural else f"this {good}",
            "good": good,
            "some_good": article + good,
            "they": "they" if plural else "it",
            "it": "them" if plural else "it",
            "is_": "are" if plural else "is",
            "was": "were" if plural else "was",
            "s": "" if plural else "s",
            "brand": family.brand,
            "price": f"{first.price:.2f}",
            "style": style,
        },
        praise=_some(voice.praise, rng),
        blame=_some(voice.blame, rng),
        strengths=_some(voice.strengths, rng),
        faults=_some(voice.faults, rng),
        uses=_some(voice.uses, rng),
        eaters=voice.eaters,
        details=_fitting(sentences.DETAILS, styled=bool(style)),
        asides=asides,
        summaries=_fitting(sentences.SUMMARIES, styled=bool(style)),
        link=f'<a href="https://shop.example/product/{first.product_id}">{first.title}</a>',
    )


def write_review(
    subject: Subject,
    *,
    score: int,
    wordiness: int,
    habit: str,
    earlier: Subject | None,
    draws: Ints,
) -> tuple[str, str]:
    """Return the summary and the text of one review.

    `wordiness` is how many sentences stand between the opening and the closing, `habit` is how
    the reviewer writes (`plain`, `paragraphs`, `lower_case`, `excited`), `earlier` is a product
    that may be linked to, and `draws` are `DRAWS` large random whole numbers.
    """
    draw = iter(draws.tolist())
    mood = "good" if score >= 4 else "mixed" if score == 3 else "bad"
    said = [_pick(sentences.OPENINGS[mood], next(draw))]
    for number in range(wordiness):
        if number % 2:
            pool = subject.asides[mood]
        else:
            pool = subject.details[_tone(score, number, next(draw))]
        sentence = _pick(pool, next(draw))
        if sentence not in said:
            said.append(sentence)
    if earlier is not None:
        said.append(_pick(sentences.LINKS, next(draw)).replace("{link}", earlier.link))
    if next(draw) % 3:
        said.append(_pick(sentences.CLOSINGS[mood], next(draw)))

    slots = _slots(subject, score=score, draw=draw)
    qualities = _qualities(subject, draw)
    spoken = []
    for number, sentence in enumerate(said):
        slots.update(qualities[number % 2])
        spoken.append(_sentence_case(sentence.format_map(slots)))
    summary = _sentence_case(_pick(subject.summaries[mood], next(draw)).format_map(slots))
    return summary.lower() if habit == "lower_case" else summary, _joined(spoken, habit)


def _slots(subject: Subject, *, score: int, draw: Iterator[int]) -> dict[str, str]:
    """Return the words for the slots that stay as they are for a whole review."""
    use = next(draw)
    return {
        **subject.fixed,
        "use": _pick(subject.uses, use),
        "use2": _pick(subject.uses, use + 1),
        "when": _pick(_WHENS, next(draw)),
        "when2": _pick(_WHEN2S, next(draw)),
        "nth": _pick(_NTHS, next(draw)),
        "count": str(2 + next(draw) % 8),
        "stars": _STARS[score - 1],
    }


def _qualities(subject: Subject, draw: Iterator[int]) -> tuple[dict[str, str], dict[str, str]]:
    """Return two sets of people, good and bad words: used in turn, so that texts repeat little."""
    sets: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for slot, words in (
        ("praise", subject.praise),
        ("blame", subject.blame),
        ("strength", subject.strengths),
        ("fault", subject.faults),
        ("who", PEOPLE),
        ("eater", subject.eaters),
    ):
        first = next(draw)
        for turn, filled in enumerate(sets):
            filled[slot] = _pick(words, first + 2 * turn)
            filled[f"{slot}2"] = _pick(words, first + 2 * turn + 1)
    return sets


def _tone(score: int, number: int, draw: int) -> str:
    """Choose whether a detail is good or bad: of four and three stars, some are of either."""
    good = {5: True, 4: number < 2 or draw % 2 == 0, 3: (number // 2 + draw) % 2 == 0}
    return "good" if good.get(score, False) else "bad"


def _joined(spoken: list[str], habit: str) -> str:
    if habit == "lower_case":
        spoken = [part if "<a " in part else part.lower() for part in spoken]
    if habit == "excited":
        spoken = [part[:-1] + "!!" if part.endswith(".") else part for part in spoken]
    if habit == "paragraphs" and len(spoken) > 2:
        return " ".join(spoken[:2]) + "<br /><br />" + " ".join(spoken[2:])
    return " ".join(spoken)


def _sentence_case(text: str) -> str:
    start = 1 if text.startswith('"') else 0
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def _fitting(pools: Pools, *, styled: bool) -> Pools:
    """Leave out the sentences about the style of a product, where it has none to speak of."""
    return {
        mood: tuple(text for text in pool if styled or "{style}" not in text)
        for mood, pool in pools.items()
    }


def _some(words: tuple[str, ...], rng: np.random.Generator) -> tuple[str, ...]:
    return tuple(words[place] for place in rng.permutation(len(words))[:_QUALITIES])


def _pick(words: tuple[str, ...], draw: int) -> str:
    return words[draw % len(words)]
