-- One row per list rule that holds on `$day` and product that it names, families of variants by
-- their representative; one row without a product for a rule that names none.

with

list_rules as (

    select
        row_number() over (
            order by rule, product_id, brand, category, amount, position, from_date, to_date
        ) as rule_number,
        rule,
        nullif(trim(product_id), '') as product_id,
        nullif(trim(brand), '') as brand,
        nullif(trim(category), '') as category,
        amount,
        position

    from list_rules
    where
        coalesce(from_date <= $day::date, true)
        and coalesce(to_date >= $day::date, true)

),

by_product as (

    select
        list_rules.rule_number,
        products.family_id

    from list_rules
    inner join products
        on list_rules.product_id = products.product_id

),

by_brand as (

    select
        list_rules.rule_number,
        products.family_id

    from list_rules
    inner join products
        on list_rules.brand = trim(products.brand)

),

product_categories as (

    select
        family_id,
        trim(unnest(string_split(categories, '|'))) as category

    from products

),

by_category as (

    select
        list_rules.rule_number,
        product_categories.family_id

    from list_rules
    inner join product_categories
        on list_rules.category = product_categories.category

),

named as (

    select * from by_product
    union
    select * from by_brand
    union
    select * from by_category

),

rules_of_the_day as (

    select
        list_rules.rule_number,
        list_rules.rule,
        list_rules.product_id,
        list_rules.brand,
        list_rules.category,
        list_rules.amount,
        list_rules.position,
        named.family_id,
        products.product_key

    from list_rules
    left join named
        on list_rules.rule_number = named.rule_number
    left join products
        on named.family_id = products.product_id

)

select * from rules_of_the_day
order by
    rule_number,
    family_id
