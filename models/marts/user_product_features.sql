{{ config(materialized='bucketed', by_candidates=true) }}

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

targets as (

    select * from {{ ref('target_users') }}
    where {{ in_bucket('user_bucket') }}

),

content as (

    select * from {{ ref('candidate_content') }}
    where {{ in_bucket('user_bucket') }}

),

{{ product_ids() }},

known_products as (

    select * from {{ ref('product_stats') }}
    union all
    select * from {{ ref('new_product_stats') }}

),

{# What is the same for every candidate of a product or a user is computed once for each. #}
product_features as (

    select
        product_stats.split,
        product_stats.product_key,
        product_stats.interaction_count as product_interactions,
        product_stats.count_30_days as product_interactions_30_days,
        product_stats.count_90_days as product_interactions_90_days,
        product_stats.count_365_days as product_interactions_365_days,
        cast(
            product_stats.count_90_days
            / cast(greatest(product_stats.interaction_count, 1) as double) as float
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
        cast(ln(catalog.price) as float) as product_log_price,
        cast(product_sentiments.sentiment as float) as product_sentiment,
        cast(product_sentiments.helpful_sentiment as float) as product_helpful_sentiment,
        cast(ln(greatest(product_stats.interaction_count, 1)) as float) as product_log_popularity,
        product_stats.first_epoch,
        product_stats.median_epoch,
        product_stats.last_epoch

    from known_products as product_stats
    left join product_ids
        on product_stats.product_key = product_ids.product_key
    left join {{ ref('stg_products') }} as catalog
        on product_ids.product_id = catalog.product_id
    left join {{ ref('product_sentiments') }} as product_sentiments
        on product_stats.split = product_sentiments.split
        and product_stats.product_key = product_sentiments.product_key

),

user_features as (

    select
        {{ list_key('split', 'user_key') }} as list_key,
        interaction_count as user_interactions,
        negative_count as user_negatives,
        active_days as user_active_days,
        last_day_count as user_last_day_count,
        days_before_last_day as user_days_before_last_day,
        cast((as_of - last_epoch) / 86400e0 as float) as user_days_since_last,
        cast((last_epoch - first_epoch) / 86400e0 as float) as user_span_days,
        cast(rating_mean as float) as user_rating_mean,
        cast(rating_gap_mean as float) as user_rating_gap,
        cast(log_popularity_mean as float) as user_log_popularity,
        cast(log_price_mean as float) as user_log_price,
        cast(text_length_mean as float) as user_text_length,
        last_epoch

    from {{ ref('user_stats') }}

),

{{ bests_of_users() }},

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
        {% for name in [
            'association_sum', 'association_max', 'forward_sum', 'backward_sum', 'recent_sum',
            'next_sum', 'transition_sum', 'two_hop_sum', 'factor_sum', 'association_last_1',
            'two_hop_last_1', 'factor_last_1', 'factor_total', 'factor_max', 'association_by_day',
            'two_hop_by_day', 'factor_by_day', 'association_by_age', 'factor_by_age',
            'association_last_day', 'association_last_day_max', 'two_hop_last_day_max',
            'factor_last_day_max'
        ] %}
        evidence.{{ name }},
        {% endfor %}

        matches.tag_similarity,
        matches.tag_similarity_last,
        matches.brand_similarity,
        content.content_similarity,
        content.content_similarity_last,

        product_features.product_interactions,
        product_features.product_interactions_30_days,
        product_features.product_interactions_90_days,
        product_features.product_interactions_365_days,
        cast(coalesce(activity.activity, 0) as float) as product_activity,
        cast(coalesce(activity.slow_activity, 0) as float) as product_slow_activity,
        cast(activity.activity / activity.slow_activity as float) as product_activity_rise,
        product_features.product_recent_share,
        product_features.product_age_days,
        product_features.product_days_since_last,
        product_features.product_rating,
        product_features.product_five_star_share,
        product_features.product_low_star_share,
        product_features.product_first_share,
        product_features.product_last_share,
        product_features.product_verified_share,
        product_features.product_helpful_share,
        product_features.product_text_length,
        product_features.product_sentiment,
        product_features.product_helpful_sentiment,
        product_features.product_log_price,

        user_features.user_interactions,
        user_features.user_negatives,
        user_features.user_active_days,
        user_features.user_last_day_count,
        user_features.user_days_before_last_day,
        user_features.user_days_since_last,
        user_features.user_span_days,
        user_features.user_rating_mean,
        user_features.user_rating_gap,
        user_features.user_log_popularity,
        user_features.user_text_length,

        cast((product_features.median_epoch - user_features.last_epoch) / 86400e0 as float)
            as days_user_last_to_product_median,
        cast((product_features.first_epoch - user_features.last_epoch) / 86400e0 as float)
            as days_user_last_to_product_first,
        cast((product_features.last_epoch - user_features.last_epoch) / 86400e0 as float)
            as days_user_last_to_product_last,
        product_features.product_log_popularity - user_features.user_log_popularity
            as popularity_gap,
        product_features.product_log_price - user_features.user_log_price as log_price_gap,
        product_features.product_rating - user_features.user_rating_mean as rating_gap,

        {% for relation, names in compared_with_best().items() %}
        {% for name in names %}
        cast(
            {{ 'activity.activity' if name == 'product_activity' else relation ~ '.' ~ name }}
            / bests.{{ name }} as float
        ) as {{ name }}_of_best,
        {% endfor %}
        {% endfor %}
        evidence.transition_sum - bests.transition_sum as transition_sum_below_best

    from candidates
    inner join targets
        on candidates.list_key = targets.list_key
    left join activity
        on candidates.split = activity.split
        and candidates.product_key = activity.product_key
        and targets.moment = activity.moment
    {% for known in ['evidence', 'matches', 'content'] %}
    left join {{ known }}
        on candidates.list_key = {{ known }}.list_key
        and candidates.product_key = {{ known }}.product_key
    {% endfor %}
    inner join product_features
        on candidates.split = product_features.split
        and candidates.product_key = product_features.product_key
    inner join bests
        on candidates.list_key = bests.list_key
    left join user_features
        on candidates.list_key = user_features.list_key
    left join labels
        on candidates.list_key = labels.list_key
        and candidates.product_key = labels.product_key

)

select * from joined
