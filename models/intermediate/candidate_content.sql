{{ config(materialized='bucketed') }}

{# How much a candidate is described like the user's recent products: the mean cosine, nearer
   products weighing more, and the cosine to the last product alone. A user is the weighted mean
   of the vectors, so that it takes one product of vectors a candidate. #}
with

{{ recent_histories() }},

candidates as (

    select
        split,
        list_key,
        product_key,
        user_bucket

    from {{ ref('candidates') }}
    where {{ in_bucket('user_bucket') }}

),

embeddings as (

    select * from {{ ref('product_embeddings') }}

),

totals as (

    select
        list_key,
        {{ exact_small_sum('recency_weight') }} as total_weight

    from recent
    group by list_key

),

elements as (

    select
        recent.list_key,
        recent.recency,
        recent.recency_weight,
        {{ numbered_elements('embeddings.vector', 'element', 'dimension') }}

    from recent
    inner join embeddings
        on recent.split = embeddings.split
        and recent.product_key = embeddings.product_key

),

summed as (

    select
        list_key,
        dimension,
        {{ exact_small_sum('element * recency_weight') }} as element,
        max(case when recency = 1 then element end) as element_of_last

    from elements
    group by list_key, dimension

),

tastes {{ as_it_stands() }} (

    select
        summed.list_key,
        {{ list_in_order('summed.element / totals.total_weight', 'summed.dimension') }}
            as mean_vector,
        {{ list_in_order('coalesce(summed.element_of_last, 0)', 'summed.dimension') }}
            as last_vector

    from summed
    inner join totals
        on summed.list_key = totals.list_key
    group by summed.list_key

),

likened as (

    select
        candidates.split,
        candidates.list_key,
        candidates.product_key,
        candidates.user_bucket,
        cast({{ sort_key(inner_product('tastes.mean_vector', 'embeddings.vector')) }} as float)
            as content_similarity,
        cast({{ sort_key(inner_product('tastes.last_vector', 'embeddings.vector')) }} as float)
            as content_similarity_last

    from candidates
    inner join tastes
        on candidates.list_key = tastes.list_key
    inner join embeddings
        on candidates.split = embeddings.split
        and candidates.product_key = embeddings.product_key

)

select * from likened
