{{ config(materialized='bucketed') }}

{# How well a candidate's tags fit the tags of the user's recent products: the mean cosine,
   nearer products weighing more, the cosine to the last product alone, and the brand's part. #}
with

{{ recent_histories() }},

candidates as (

    select
        list_key,
        product_key

    from {{ ref('candidates') }}
    where {{ in_bucket('user_bucket') }}

),

tags as (

    select * from {{ ref('product_tags') }}

),

totals as (

    select
        list_key,
        {{ exact_small_sum('recency_weight') }} as total_weight

    from recent
    group by list_key

),

tastes {{ as_it_stands() }} (

    select
        recent.list_key,
        tags.tag,
        {{ exact_small_sum('tags.weight * recent.recency_weight') }} as weight,
        {{ exact_small_sum('case when recent.recency = 1 then tags.weight else 0 end') }}
            as last_weight

    from recent
    inner join tags
        on recent.product_key = tags.product_key
    group by recent.list_key, tags.tag

),

candidate_tags {{ as_it_stands() }} (

    select
        candidates.list_key,
        candidates.product_key,
        tags.tag,
        tags.weight

    from candidates
    inner join tags
        on candidates.product_key = tags.product_key

),

matched as (

    select
        candidate_tags.list_key,
        candidate_tags.product_key,
        {{ exact_small_sum('tastes.weight * candidate_tags.weight') }} as similarity,
        {{ exact_small_sum('tastes.last_weight * candidate_tags.weight') }} as similarity_last,
        {{ exact_small_sum(
            "case when left(tastes.tag, 7) = 'brand: '"
            ~ " then tastes.weight * candidate_tags.weight else 0 end"
        ) }} as brand_similarity

    from candidate_tags
    inner join tastes
        on candidate_tags.list_key = tastes.list_key
        and candidate_tags.tag = tastes.tag
    group by candidate_tags.list_key, candidate_tags.product_key

),

matches as (

    select
        targets.split,
        matched.list_key,
        matched.product_key,
        targets.user_bucket,
        cast(matched.similarity / totals.total_weight as float) as tag_similarity,
        cast(matched.similarity_last as float) as tag_similarity_last,
        cast(matched.brand_similarity / totals.total_weight as float) as brand_similarity

    from matched
    inner join totals
        on matched.list_key = totals.list_key
    inner join targets
        on matched.list_key = targets.list_key

)

select * from matches
