{{ config(materialized='bucketed') }}

with

candidates as (

    select * from {{ ref('candidates') }}
    where {{ in_bucket('user_bucket') }}

),

labels as (

    select * from {{ ref('labels') }}
    where {{ in_bucket('user_bucket') }}

),

evidence as (

    select * from {{ ref('candidate_evidence') }}
    where {{ in_bucket('user_bucket') }}

),

matches as (

    select * from {{ ref('candidate_matches') }}
    where {{ in_bucket('user_bucket') }}

),

product_stats as (

    select * from {{ ref('product_stats') }}

),

user_stats as (

    select * from {{ ref('user_stats') }}

),

product_prices as (

    select
        interactions.product_key,
        max(catalog.price) as price

    from {{ ref('interactions') }} as interactions
    inner join {{ ref('stg_products') }} as catalog
        on interactions.product_id = catalog.product_id
    group by interactions.product_key

),

joined as (

    select
        candidates.split,
        candidates.user_key,
        candidates.product_key,
        candidates.user_bucket,
        cast(case
            when candidates.split = 'serve' then null
            when labels.product_key is not null then 1
            else 0
        end as int) as label,
        evidence.because_of_key,

        {% for generator in var('generators') %}
        candidates.{{ generator }}_score,
        candidates.{{ generator }}_rank,
        {% endfor %}
        candidates.source_count,
        candidates.standing,

        coalesce(evidence.support, 0) as support,
        evidence.association_sum,
        evidence.association_total,
        evidence.association_max,
        evidence.forward_sum,
        evidence.backward_sum,
        evidence.recent_sum,
        evidence.next_sum,
        evidence.transition_sum,
        evidence.two_hop_sum,
        evidence.association_last_1,
        evidence.association_last_2,
        evidence.association_last_3,
        evidence.recent_last_1,
        evidence.next_last_1,
        evidence.transition_last_1,
        evidence.two_hop_last_1,

        matches.tag_similarity,
        matches.tag_similarity_last,

        product_stats.interaction_count as product_interactions,
        product_stats.count_30_days as product_interactions_30_days,
        product_stats.count_90_days as product_interactions_90_days,
        product_stats.count_365_days as product_interactions_365_days,
        cast(product_stats.trend_score as float) as product_trend,
        cast(
            product_stats.count_90_days / cast(product_stats.interaction_count as double) as float
        ) as product_recent_share,
        cast((product_stats.as_of - product_stats.first_epoch) / 86400e0 as float)
            as product_age_days,
        cast((product_stats.as_of - product_stats.last_epoch) / 86400e0 as float)
            as product_days_since_last,
        cast(product_stats.rating_mean_shrunk as float) as product_rating,
        cast(product_stats.five_star_share as float) as product_five_star_share,
        cast(product_stats.low_star_share as float) as product_low_star_share,
        cast(product_stats.first_share as float) as product_first_share,
        cast(product_stats.last_share as float) as product_last_share,
        cast(product_stats.verified_share as float) as product_verified_share,
        cast(product_stats.helpful_share as float) as product_helpful_share,
        cast(product_stats.text_length_mean as float) as product_text_length,
        cast(ln(product_prices.price) as float) as product_log_price,

        user_stats.interaction_count as user_interactions,
        user_stats.negative_count as user_negatives,
        user_stats.active_days as user_active_days,
        cast((user_stats.as_of - user_stats.last_epoch) / 86400e0 as float)
            as user_days_since_last,
        cast((user_stats.last_epoch - user_stats.first_epoch) / 86400e0 as float)
            as user_span_days,
        cast(user_stats.rating_mean as float) as user_rating_mean,
        cast(user_stats.rating_gap_mean as float) as user_rating_gap,
        cast(user_stats.log_popularity_mean as float) as user_log_popularity,
        cast(user_stats.text_length_mean as float) as user_text_length,

        cast((product_stats.median_epoch - user_stats.last_epoch) / 86400e0 as float)
            as days_user_last_to_product_median,
        cast((product_stats.first_epoch - user_stats.last_epoch) / 86400e0 as float)
            as days_user_last_to_product_first,
        cast((product_stats.last_epoch - user_stats.last_epoch) / 86400e0 as float)
            as days_user_last_to_product_last,
        cast(ln(product_stats.interaction_count) - user_stats.log_popularity_mean as float)
            as popularity_gap,
        cast(ln(product_prices.price) - user_stats.log_price_mean as float)
            as log_price_gap,
        cast(product_stats.rating_mean_shrunk - user_stats.rating_mean as float)
            as rating_gap

    from candidates
    inner join product_stats
        on candidates.split = product_stats.split
        and candidates.product_key = product_stats.product_key
    left join user_stats
        on candidates.split = user_stats.split
        and candidates.user_key = user_stats.user_key
    left join evidence
        on candidates.split = evidence.split
        and candidates.user_key = evidence.user_key
        and candidates.product_key = evidence.product_key
    left join matches
        on candidates.split = matches.split
        and candidates.user_key = matches.user_key
        and candidates.product_key = matches.product_key
    left join product_prices
        on candidates.product_key = product_prices.product_key
    left join labels
        on candidates.split = labels.split
        and candidates.user_key = labels.user_key
        and candidates.product_key = labels.product_key

)

select * from joined
