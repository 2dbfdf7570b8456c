{# A rule is about a product, a brand or a category: with two of them filled it could mean either
   or both. A pin sets one thing at one place, so it needs a product. #}
with

list_rules as (

    select * from {{ ref('list_rules') }}

),

counted as (

    select
        rule,
        product_id,
        brand,
        category,
        case when trim(product_id) != '' then 1 else 0 end
        + case when trim(brand) != '' then 1 else 0 end
        + case when trim(category) != '' then 1 else 0 end as target_count

    from list_rules

),

ambiguous as (

    select * from counted
    where target_count != 1
        or (rule = 'pin' and coalesce(trim(product_id), '') = '')

)

select * from ambiguous
