with

histories as (

    select * from {{ ref('histories') }}

),

product_stats as (

    select * from {{ ref('product_stats') }}

),

catalog as (

    select * from {{ ref('stg_products') }}

),

{{ product_ids() }},

described as (

    select
        histories.*,
        product_stats.as_of,
        product_stats.interaction_count as product_count,
        product_stats.rating_mean_shrunk,
        catalog.price

    from histories
    inner join product_stats
        on histories.split = product_stats.split
        and histories.product_key = product_stats.product_key
    inner join product_ids
        on histories.product_key = product_ids.product_key
    left join catalog
        on product_ids.product_id = catalog.product_id

),

stats as (

    select
        split,
        user_key,
        cast(count(*) as int) as interaction_count,
        cast(count_if(not is_positive) as int) as negative_count,
        min(reviewed_epoch) as first_epoch,
        max(reviewed_epoch) as last_epoch,
        max(as_of) as as_of,
        cast(count(distinct reviewed_epoch) as int) as active_days,
        {{ exact_sum('rating') }} / nullif(count(rating), 0) as rating_mean,
        {{ exact_sum('rating - rating_mean_shrunk') }} / nullif(count(rating), 0)
            as rating_gap_mean,
        {{ exact_sum('ln(product_count)') }} / count(*) as log_popularity_mean,
        {{ exact_sum('ln(price)') }} / nullif(count(price), 0) as log_price_mean,
        sum(text_length) / cast(count(*) as double) as text_length_mean

    from described
    group by split, user_key

)

select * from stats
