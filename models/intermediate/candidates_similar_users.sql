{{ config(materialized='bucketed') }}

{# What users with a similar history reviewed: the cosine of two users, products that everyone
   has weighing less, and the reviewers who came last asked first. #}
with

{{ recent_histories() }},

{# Of every user, whatever the pass. #}
others as (

    select * from {{ ref('histories') }}

),

product_stats as (

    select * from {{ ref('product_stats') }}

),

user_stats as (

    select * from {{ ref('user_stats') }}

),

numbered_reviewers as (

    select
        split,
        product_key,
        user_key,
        row_number() over (
            partition by split, product_key
            order by reviewed_epoch desc, user_key
        ) as reviewer_from_last

    from others

),

reviewers as (

    select
        numbered_reviewers.split,
        numbered_reviewers.product_key,
        numbered_reviewers.user_key,
        1e0
        / sqrt(cast(product_stats.interaction_count as double) * user_stats.interaction_count)
            as closeness

    from numbered_reviewers
    inner join product_stats
        on numbered_reviewers.split = product_stats.split
        and numbered_reviewers.product_key = product_stats.product_key
    inner join user_stats
        on numbered_reviewers.split = user_stats.split
        and numbered_reviewers.user_key = user_stats.user_key
    where numbered_reviewers.reviewer_from_last <= {{ var('reviewers_per_product') }}

),

met as (

    select
        recent.split,
        recent.user_key,
        reviewers.user_key as other_key,
        {{ exact_sum('recent.recency_weight * reviewers.closeness') }} as similarity

    from recent
    inner join reviewers
        on recent.split = reviewers.split
        and recent.product_key = reviewers.product_key
        and recent.user_key != reviewers.user_key
    where recent.recency <= {{ var('similar_users_history') }}
    group by recent.split, recent.user_key, reviewers.user_key

),

numbered_others as (

    select
        *,
        row_number() over (
            partition by split, user_key
            order by {{ order_key('similarity', 'other_key') }} desc
        ) as other_rank

    from met

),

similar_users as (

    select
        split,
        user_key,
        other_key,
        similarity

    from numbered_others
    where other_rank <= {{ var('similar_users') }}

),

scored as (

    select
        similar_users.split,
        similar_users.user_key,
        others.product_key,
        {{ exact_sum('similar_users.similarity * others.weight') }} as score

    from similar_users
    inner join others
        on similar_users.split = others.split
        and similar_users.other_key = others.user_key
        and others.recency <= {{ var('history_length') }}
    group by similar_users.split, similar_users.user_key, others.product_key

),

{{ weigh_by_activity() }},

{{ propose('active', source='similar_users') }}

select * from proposed
