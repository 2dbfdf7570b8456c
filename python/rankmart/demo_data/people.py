"""The shop's customers as their reviews show them: an id, a name, a temper, a way of writing."""

from dataclasses import dataclass

import numpy as np

from rankmart.demo_data.catalogue import random_ids
from rankmart.demo_data.demand import Floats, Ints

_FIRST_NAMES = (
    *("Ada", "Bo", "Carmen", "Dev", "Elif", "Farah", "Gus", "Hana", "Ingrid", "Jonas", "Kemi"),
    *("Luca", "Maren", "Nils", "Odette", "Priya", "Quinn", "Rosa", "Sam", "Tomas", "Uma", "Vera"),
    *("Walt", "Ximena", "Yusuf", "Zoe", "Bea", "Clive", "Dora", "Ezra", "Fern", "Gloria"),
)
_LAST_NAMES = (
    *("Abbot", "Birch", "Castellan", "Dunmore", "Eriksen", "Falk", "Grady", "Holloway", "Imada"),
    *("Jensen", "Kowal", "Lindqvist", "Marsh", "Novak", "Okafor", "Petrov", "Quill", "Reyes"),
    *("Sato", "Tran", "Underwood", "Vance", "Whitlock", "Yilmaz", "Zeller", "Adeyemi", "Brandt"),
)
_NICKNAMES = (
    *("teatime", "the bread guy", "coffee first", "snack hunter", "two cats", "grandma cooks"),
    *("label reader", "night baker", "hot sauce fan", "always hungry", "spice rack", "dog mom"),
)
_HABITS = ("plain", "paragraphs", "lower_case", "excited")
_HABIT_SHARES = (0.72, 0.14, 0.07, 0.07)


@dataclass(frozen=True)
class People:
    """One entry per person, in all of them."""

    user_ids: tuple[str, ...]
    names: tuple[str, ...]
    habits: tuple[str, ...]
    kindness: Floats
    """How easily the person gives stars, standard normal."""
    wordiness: Ints
    """How many sentences the person likes to write."""


def invite_people(count: int, rng: np.random.Generator) -> People:
    return People(
        user_ids=random_ids(count, prefix="A", letters=13, rng=rng),
        names=tuple(_name(draws.tolist()) for draws in rng.integers(0, 2**31, (count, 4))),
        habits=tuple(_HABITS[habit] for habit in rng.choice(4, size=count, p=_HABIT_SHARES)),
        kindness=rng.normal(size=count),
        wordiness=rng.choice([1, 2, 3, 4, 5], size=count, p=[0.15, 0.3, 0.3, 0.15, 0.1]),
    )


def _name(draws: list[int]) -> str:
    """Return a name as shops show it: `Hana K.`, `N. Okafor "night baker"`, `Zoe Falk`."""
    form, first_draw, last_draw, nick_draw = draws
    first = _FIRST_NAMES[first_draw % len(_FIRST_NAMES)]
    last = _LAST_NAMES[last_draw % len(_LAST_NAMES)]
    nickname = _NICKNAMES[nick_draw % len(_NICKNAMES)]
    forms = (
        f"{first} {last}",
        f"{first} {last[0]}.",
        f"{first[0]}. {last}",
        f'{first[0]}. {last} "{nickname}"',
        f'{first} "{nickname}"',
        nickname.title().replace(" ", ""),
    )
    return forms[form % len(forms)]
