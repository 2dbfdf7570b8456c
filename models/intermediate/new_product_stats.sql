{# Products that nobody has reviewed, as `product_stats` would have them: counts of 0, and the
   rest as of the products with the fewest interactions, their median, so that the ranker meets
   nothing that it has never seen. A file of products has no dates: that one is without a review
   today is known in `serve` alone. #}
with

product_keys as (

    select * from {{ ref('product_keys') }}
    where not is_reviewed

),

product_stats as (

    select * from {{ ref('product_stats') }}
    where split = 'serve'

),

fewest as (

    select min(interaction_count) as interaction_count
    from product_stats

),

typical as (

    select
        cast(round(median(product_stats.first_epoch)) as bigint) as first_epoch,
        cast(round(median(product_stats.last_epoch)) as bigint) as last_epoch,
        cast(round(median(product_stats.median_epoch)) as bigint) as median_epoch,
        max(product_stats.as_of) as as_of,
        median(product_stats.rating_mean_shrunk) as rating_mean_shrunk,
        median(product_stats.five_star_share) as five_star_share,
        median(product_stats.low_star_share) as low_star_share,
        median(product_stats.first_share) as first_share,
        median(product_stats.last_share) as last_share,
        median(product_stats.verified_share) as verified_share,
        median(product_stats.text_length_mean) as text_length_mean

    from product_stats
    inner join fewest
        on product_stats.interaction_count = fewest.interaction_count

),

stats as (

    select
        'serve' as split,
        product_keys.product_key,
        cast(0 as int) as interaction_count,
        cast(0 as int) as positive_count,
        cast(0 as int) as count_30_days,
        cast(0 as int) as count_90_days,
        cast(0 as int) as count_365_days,
        cast(0 as double) as trend_score,
        cast(0 as double) as slow_trend_score,
        typical.first_epoch,
        typical.last_epoch,
        typical.median_epoch,
        typical.as_of,
        typical.rating_mean_shrunk,
        typical.five_star_share,
        typical.low_star_share,
        typical.first_share,
        typical.last_share,
        typical.verified_share,
        0.5e0 as helpful_share,
        typical.text_length_mean,
        cast(0 as double) as popular_score

    from product_keys
    cross join typical

)

select * from stats
