{{ config(materialized='bucketed') }}

{# How well a candidate's tags fit the tags of the user's recent products: the mean cosine,
   nearer products weighing more, and the cosine to the last product alone. #}
with

{{ recent_histories() }},

candidates as (

    select
        split,
        user_key,
        product_key

    from {{ ref('candidates') }}

),

tags as (

    select * from {{ ref('product_tags') }}

),

totals as (

    select
        split,
        user_key,
        {{ exact_sum('recency_weight') }} as total_weight

    from recent
    group by split, user_key

),

tastes as (

    select
        recent.split,
        recent.user_key,
        tags.tag,
        {{ exact_sum('tags.weight * recent.recency_weight') }} as weight,
        {{ exact_sum('case when recent.recency = 1 then tags.weight else 0 end') }}
            as last_weight

    from recent
    inner join tags
        on recent.product_key = tags.product_key
    group by recent.split, recent.user_key, tags.tag

),

matches as (

    select
        candidates.split,
        candidates.user_key,
        candidates.product_key,
        cast({{ exact_sum('tastes.weight * tags.weight') }} / max(totals.total_weight) as float)
            as tag_similarity,
        cast({{ exact_sum('tastes.last_weight * tags.weight') }} as float)
            as tag_similarity_last

    from candidates
    inner join totals
        on candidates.split = totals.split
        and candidates.user_key = totals.user_key
    inner join tags
        on candidates.product_key = tags.product_key
    inner join tastes
        on candidates.split = tastes.split
        and candidates.user_key = tastes.user_key
        and tags.tag = tastes.tag
    group by candidates.split, candidates.user_key, candidates.product_key

)

select * from matches
