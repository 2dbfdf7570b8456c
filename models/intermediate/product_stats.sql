{{ config(materialized='bucketed', passes_of=3) }}

{# What a split's history says of a product. `as_of` is the last moment that the split sees.

   In passes: a hash table of this many sums for every product, short of memory, once wrote 33 GB to
   the disk for 12 million rows. #}
with

histories as (

    select * from {{ ref('histories') }}

),

moments as (

    select * from {{ ref('split_moments') }}

),

aged as (

    select
        histories.*,
        moments.as_of,
        moments.mean_rating,
        (moments.as_of - histories.reviewed_epoch) / 86400e0 as age_days

    from histories
    inner join moments
        on histories.split = moments.split
    where {{ in_bucket('histories.product_key % 1024') }}

),

counted as (

    select
        split,
        product_key,
        count(*) as interaction_count,
        count_if(is_positive) as positive_count,
        count_if(age_days <= 30) as count_30_days,
        count_if(age_days <= 90) as count_90_days,
        count_if(age_days <= 365) as count_365_days,
        {{ exact_sum("pow(2e0, -age_days / " ~ var('trend_half_life_days') ~ ") * weight") }}
            as trend_score,
        {{ exact_sum("pow(2e0, -age_days / " ~ var('slow_trend_half_life_days') ~ ") * weight") }}
            as slow_trend_score,
        min(reviewed_epoch) as first_epoch,
        max(reviewed_epoch) as last_epoch,
        cast(round(median(reviewed_epoch)) as bigint) as median_epoch,
        max(as_of) as as_of,
        coalesce({{ exact_sum('rating') }}, 0) as rating_sum,
        count(rating) as rating_count,
        max(mean_rating) as mean_rating,
        count_if(rating >= 4.5) as five_star_count,
        count_if(rating <= {{ var('negative_rating_max') }}) as low_star_count,
        count_if(position = 1) as first_count,
        count_if(recency = 1) as last_count,
        count_if(is_verified) as verified_count,
        sum(helpful_votes) as helpful_votes,
        sum(total_votes) as total_votes,
        sum(text_length) as text_length

    from aged
    group by split, product_key

),

{# Ten reviews of the average rating stand behind every mean. #}
stats as (

    select
        split,
        product_key,
        cast(interaction_count as int) as interaction_count,
        cast(positive_count as int) as positive_count,
        cast(count_30_days as int) as count_30_days,
        cast(count_90_days as int) as count_90_days,
        cast(count_365_days as int) as count_365_days,
        trend_score,
        slow_trend_score,
        first_epoch,
        last_epoch,
        median_epoch,
        as_of,
        (rating_sum + 10 * mean_rating) / (rating_count + 10) as rating_mean_shrunk,
        five_star_count / nullif(cast(rating_count as double), 0) as five_star_share,
        low_star_count / nullif(cast(rating_count as double), 0) as low_star_share,
        first_count / cast(interaction_count as double) as first_share,
        last_count / cast(interaction_count as double) as last_share,
        verified_count / cast(interaction_count as double) as verified_share,
        (coalesce(helpful_votes, 0) + 1e0) / (coalesce(total_votes, 0) + 2e0)
            as helpful_share,
        text_length / cast(interaction_count as double) as text_length_mean,
        positive_count * coalesce(
            (rating_sum + 10 * mean_rating) / (rating_count + 10) / 5, 1
        ) as popular_score

    from counted

)

select * from stats
