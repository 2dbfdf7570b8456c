{{ config(materialized='bucketed') }}

{# How much a product is reviewed around a moment: reviews fade on both sides of it, once fast and
   once slowly. Under the temporal protocol the one moment is the cut-off, and nothing lies after
   it. Leave-last-out sees what other users did after this user's last review, by its nature. #}
with

{% if protocol() == 'temporal' %}

activity as (

    select
        split,
        product_key,
        0 as moment,
        trend_score as activity,
        slow_trend_score as slow_activity

    from {{ ref('product_stats') }}
    where {{ in_bucket('product_key % 1024') }}

),

{% else %}

moments as (

    select
        split,
        moment

    from {{ ref('target_users') }}
    group by split, moment

),

fortnights as (

    select
        split,
        product_key,
        {{ moment_of('reviewed_epoch') }} as fortnight,
        {{ exact_sum('weight') }} as weight

    from {{ ref('histories') }}
    where {{ in_bucket('product_key % 1024') }}
    group by split, product_key, {{ moment_of('reviewed_epoch') }}

),

{# A year to either side. #}
distances as (

    select fortnight_number - 27 as fortnights_away
    from {{ numbers_to(53, 'fortnight_number') }} as numbered

),

around as (

    select
        fortnights.split,
        fortnights.product_key,
        fortnights.fortnight + distances.fortnights_away as moment,
        fortnights.weight,
        abs(distances.fortnights_away) * 14e0 as days_away

    from fortnights
    cross join distances

),

activity as (

    select
        around.split,
        around.product_key,
        around.moment,
        {{ exact_sum(
            'around.weight * pow(2e0, -around.days_away / ' ~ var('trend_half_life_days') ~ ')'
        ) }} as activity,
        {{ exact_sum(
            'around.weight * pow(2e0, -around.days_away / ' ~ var('slow_trend_half_life_days') ~ ')'
        ) }} as slow_activity

    from around
    semi join moments
        on around.split = moments.split
        and around.moment = moments.moment
    group by around.split, around.product_key, around.moment

),

{% endif %}

weighed as (

    select
        split,
        moment,
        product_key,
        activity,
        slow_activity,
        {{ sort_key('pow(activity + 0.1, ' ~ var('activity_power') ~ ')') }} as activity_weight

    from activity

)

select * from weighed
