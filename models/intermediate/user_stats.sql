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

{# Reviews by the day, and how many days lie between one and the one before it. #}
days as (

    select
        split,
        user_key,
        {{ day_of('reviewed_epoch') }} as review_day,
        count(*) as day_count

    from histories
    group by split, user_key, {{ day_of('reviewed_epoch') }}

),

between_days as (

    select
        *,
        review_day - lag(review_day) over (
            partition by split, user_key
            order by review_day
        ) as days_before

    from days

),

last_days as (

    select
        split,
        user_key,
        cast(count(*) as int) as active_days,
        cast(max_by(day_count, review_day) as int) as last_day_count,
        cast(max_by(days_before, review_day) as int) as days_before_last_day

    from between_days
    group by split, user_key

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
        {{ exact_sum('rating') }} / nullif(count(rating), 0) as rating_mean,
        {{ exact_sum('rating - rating_mean_shrunk') }} / nullif(count(rating), 0)
            as rating_gap_mean,
        {{ exact_sum('ln(product_count)') }} / count(*) as log_popularity_mean,
        {{ exact_sum('ln(price)') }} / nullif(count(price), 0) as log_price_mean,
        sum(text_length) / cast(count(*) as double) as text_length_mean

    from described
    group by split, user_key

),

stats_and_days as (

    select
        stats.*,
        last_days.active_days,
        last_days.last_day_count,
        last_days.days_before_last_day

    from stats
    inner join last_days
        on stats.split = last_days.split
        and stats.user_key = last_days.user_key

)

select * from stats_and_days
