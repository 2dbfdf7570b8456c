{{ config(materialized='bucketed') }}

{# The terms of a product as a vector: how often they come (damped by a logarithm) times how
   much they tell apart. The heaviest are kept, and the length is one. #}
with

product_words as (

    select * from {{ ref('product_words') }}
    where {{ in_bucket('product_key % 1024') }}

),

counted as (

    {% for split in splits() %}
    select
        '{{ split }}' as split,
        product_key,
        term,
        {{ split }}_count as term_count

    from product_words
    where {{ split }}_count > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

weighted as (

    select
        counted.split,
        counted.product_key,
        counted.term,
        {{ sort_key('(1e0 + ln(counted.term_count)) * rarity.rarity') }} as weight

    from counted
    inner join {{ ref('term_rarity') }} as rarity
        on counted.split = rarity.split
        and counted.term = rarity.term

),

ranked as (

    select
        *,
        row_number() over (
            partition by split, product_key
            order by weight desc, term asc
        ) as term_rank

    from weighted

),

kept as (

    select
        *,
        sqrt(cast(
            sum(cast(weight * weight as decimal(18, 9))) over (partition by split, product_key)
            as double
        )) as length

    from ranked
    where term_rank <= {{ var('terms_per_product') }}

),

unit as (

    select
        split,
        product_key,
        term,
        cast(term_rank as int) as term_rank,
        cast(weight / length as float) as weight

    from kept

)

select * from unit
