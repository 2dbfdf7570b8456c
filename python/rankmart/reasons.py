"""Where a recommendation came from and why it is there, in SQL, for the batch and the API alike.

Both expressions are over the columns of `user_product_features`; `generators` are in their order.
"""

from collections.abc import Sequence

FOR_EVERYONE = ("trending", "popular")
"""Reasons that have nothing to do with the user."""

IN_WORDS = {
    "tag_trending": "trending among the brands and categories they know",
    "similar_users": "reviewed by users with a similar history",
}


def source_sql(generators: Sequence[str]) -> str:
    """The generator that ranks the product highest; of equals, the first.

    >>> source_sql(["next", "own"])
    "case least(next_rank, own_rank) when next_rank then 'next' when own_rank then 'own' end"
    """
    ranks = ", ".join(f"{name}_rank" for name in generators)
    cases = " ".join(f"when {name}_rank then '{name}'" for name in generators)
    return f"case least({ranks}) {cases} end"


def reason_sql(generators: Sequence[str]) -> str:
    """The type of the reason, one that the data supports.

    `because_of` where a product of the user's history speaks for it. Else `content`, `trending` or
    `popular` where one of these proposed it, of the last two the one that ranks it higher. Else
    the generator that ranks it highest, `tag_trending`, `similar_users` or one of the shop's own.
    """
    content = "when content_rank is not null then 'content'" if "content" in generators else ""
    return f"""
        case
            when because_of_key is not null then 'because_of'
            {content}
            when trending_rank <= coalesce(popular_rank, trending_rank) then 'trending'
            when popular_rank is not null then 'popular'
            else {source_sql(generators)}
        end
    """
