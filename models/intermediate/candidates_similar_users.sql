{{ config(materialized='bucketed') }}

{# What users with a similar history reviewed: the cosine of two users, products that everyone
   has weighing less, and the reviewers who came last asked first. #}
with

{{ recent_histories() }},

reviewers as (

    select * from {{ ref('product_reviewers') }}

),

{# Of every user, whatever the pass. #}
others as (

    select * from {{ ref('recent_products') }}

),

met as (

    select
        recent.split,
        recent.user_key,
        reviewers.reviewer_key,
        {{ exact_sum('recent.recency_weight * reviewers.closeness') }} as similarity

    from recent
    inner join reviewers
        on recent.split = reviewers.split
        and recent.product_key = reviewers.product_key
        and recent.user_key != reviewers.reviewer_key
    where recent.recency <= {{ var('similar_users_history') }}
    group by recent.split, recent.user_key, reviewers.reviewer_key

),

ranked_others as (

    select
        *,
        row_number() over (
            partition by split, user_key
            order by {{ order_key('similarity', 'reviewer_key') }} desc
        ) as other_rank

    from met

),

similar_users as (

    select
        split,
        user_key,
        reviewer_key,
        similarity

    from ranked_others
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
        and similar_users.reviewer_key = others.user_key
    group by similar_users.split, similar_users.user_key, others.product_key

),

{{ weigh_by_activity() }},

{{ propose('active', source='similar_users') }}

select * from proposed
