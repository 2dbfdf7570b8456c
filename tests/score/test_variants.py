"""Lists hold one of each family and none of what the user has; dbt finds it when they do not."""

from pathlib import Path

import pytest

from project import Project

TEST = "recommendations__hold_no_variants"


@pytest.fixture
def copy(scored_shop: Project, tmp_path: Path) -> Project:
    """For dbt, which opens a warehouse for writing while other tests read the shop."""
    return scored_shop.copied_to(tmp_path)


def test_lists_as_they_are_hold_no_variants(copy: Project) -> None:
    assert f"PASS {TEST}" in copy.dbt_test(TEST).succeeded().output


def test_the_fallback_list_has_one_of_each_family(scored_shop: Project) -> None:
    families = scored_shop.rows(
        "select family_id from ranker.fallback_recommendations"
        " inner join products using (product_id)"
    )
    assert len(families) == len(set(families)) == 20


@pytest.mark.parametrize(
    "tamper",
    [
        # The variant of a product that is in the list already takes the place of another.
        """
        update ranker.recommendations as lists
        set product_id = pairs.variant_id
        from (
            select listed.user_id, variants.product_id as variant_id, listed.rank
            from ranker.recommendations as listed
            inner join product_variants as variants
                on listed.product_id = variants.family_id and not variants.is_representative
            where listed.rank < 20
            order by all limit 1
        ) as pairs
        where lists.user_id = pairs.user_id and lists.rank = pairs.rank + 1
        """,
        # The variant of a product that the user has takes the last place.
        """
        update ranker.recommendations as lists
        set product_id = pairs.variant_id
        from (
            select history.user_id, variants.product_id as variant_id
            from interactions as history
            inner join product_variants as variants
                on history.product_id = variants.family_id and not variants.is_representative
            order by all limit 1
        ) as pairs
        where lists.user_id = pairs.user_id and lists.rank = 20
        """,
        """
        update ranker.fallback_recommendations
        set product_id = (select min(product_id) from product_variants) where rank = 1;
        update ranker.fallback_recommendations
        set product_id = (
            select max(product_id) from product_variants where family_id = (
                select family_id from product_variants order by product_id limit 1
            )
        ) where rank = 2
        """,
    ],
    ids=["twice in a list", "known to the user", "twice in the fallback"],
)
def test_a_variant_in_a_list_is_found(copy: Project, tamper: str) -> None:
    copy.change(*tamper.split(";"))
    failed = copy.dbt_test(TEST)
    assert failed.exit_code == 1
    assert f"FAIL 1 {TEST}" in failed.output
