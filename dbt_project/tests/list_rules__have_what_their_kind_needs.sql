{# A pin has a place and a boost an amount; what a kind does not use is a slip of the column. A
   rule whose last day comes before its first never applies. #}
with

list_rules as (

    select * from {{ ref('list_rules') }}

),

unsound as (

    select
        rule,
        product_id,
        brand,
        category,
        amount,
        position,
        from_date,
        to_date

    from list_rules
    where (rule = 'pin' and coalesce(position, 0) < 1)
        or (rule != 'pin' and position is not null)
        or (rule = 'boost' and coalesce(amount, 0) = 0)
        or (rule != 'boost' and amount is not null)
        or from_date > to_date

)

select * from unsound
