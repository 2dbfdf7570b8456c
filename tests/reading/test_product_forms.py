"""Titles, brands, categories and prices of every known form of products."""

from project import Project

from .product_forms import PRODUCTS, Product
from .review_forms import FORMS


def test_every_product_says_what_its_file_says(every_form: Project) -> None:
    found = {
        row[0]: Product(*row)
        for row in every_form.rows(
            "select product_id, title, brand, categories, price from staging.stg_products"
        )
    }
    assert {product.product_id: found[product.product_id] for product in PRODUCTS} == {
        product.product_id: product for product in PRODUCTS
    }


def test_no_product_is_there_twice_or_made_up(every_form: Project) -> None:
    ids = [row[0] for row in every_form.rows("select product_id from staging.stg_products")]
    assert sorted(ids) == sorted(
        [*(product.product_id for product in PRODUCTS), "0000031853", "B01CUPMQZE"]
    )


def test_quotes_within_a_category_are_kept(every_form: Project) -> None:
    [(categories,)] = every_form.rows(
        "select categories from staging.stg_products where product_id = '0000031853'"
    )
    assert categories == 'Books|Say "hello"'


def test_the_store_is_the_brand_in_2023(every_form: Project) -> None:
    [row] = every_form.rows(
        "select brand, price from staging.stg_products where product_id = 'B01CUPMQZE'"
    )
    assert row == ("Howard Products", 7.5)


def test_the_products_mart_has_reviewed_and_unreviewed_products(every_form: Project) -> None:
    rows = every_form.rows(
        "select product_id, title, category, review_count, product_key is not null from products"
        " where product_id in ('mug', '0000031852', 'B001E4KFG0') order by product_id"
    )
    mugs = sum(record.product_id == "mug" for form in FORMS.values() for record in form.records)
    assert rows == [
        ("0000031852", "Girls Ballet Tutu", "Dance", 0, True),
        ("B001E4KFG0", None, None, 1, True),
        ("mug", "Mug, blue", "Mugs", mugs, True),
    ]
