{{ config(materialized='bucketed', passes_of=3) }}

{# What users with a similar history reviewed: the cosine of two users, products that everyone
   has weighing less, and the reviewers who came last asked first. #}
{% set others_asked = fewer_for_fewer_candidates(var('similar_users'), at_least=10) %}
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
        recent.list_key,
        reviewers.reviewer_key,
        {{ exact_small_sum('recent.recency_weight * reviewers.closeness') }} as similarity

    from recent
    inner join reviewers
        on recent.split = reviewers.split
        and recent.product_key = reviewers.product_key
        and recent.user_key != reviewers.reviewer_key
    where recent.recency <= {{ var('similar_users_history') }}
    group by recent.list_key, reviewers.reviewer_key

),

ordered as (

    select
        list_key,
        {{ order_key('similarity', 'reviewer_key', bits=28) }} as other_order

    from met

),

ranked_others as (

    select
        *,
        row_number() over (
            partition by list_key
            order by other_order desc
        ) as other_rank

    from ordered

),

similar_users as (

    select
        targets.split,
        ranked_others.list_key,
        {{ key_of_order('ranked_others.other_order', bits=28) }} as reviewer_key,
        {{ score_of_order('ranked_others.other_order', bits=28) }} as similarity

    from ranked_others
    inner join targets
        on ranked_others.list_key = targets.list_key
    where ranked_others.other_rank <= {{ others_asked }}

),

scored as (

    select
        similar_users.list_key,
        others.product_key,
        {{ exact_small_sum('similar_users.similarity * others.weight') }} as score

    from similar_users
    inner join others
        on similar_users.split = others.split
        and similar_users.reviewer_key = others.user_key
    group by similar_users.list_key, others.product_key

),

{{ weigh_by_activity() }},

{{ propose('active', source='similar_users') }}

select * from proposed
