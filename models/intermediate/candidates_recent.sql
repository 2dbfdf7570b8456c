{{ config(materialized='bucketed') }}

{# Co-visitation in which a pair fades with its age: what is reviewed together of late. #}

with

{{ recent_histories() }},

neighbors as (

    select * from {{ ref('product_pairs') }}

),

scored as (

    select
        recent.split,
        recent.user_key,
        neighbors.neighbor_key as product_key,
        {{ exact_sum('neighbors.recent_association * recent.recency_weight') }} as score

    from recent
    inner join neighbors
        on recent.split = neighbors.split
        and recent.product_key = neighbors.product_key
        and neighbors.recent_rank <= recent.neighbor_depth
    group by recent.split, recent.user_key, neighbors.neighbor_key

),

{{ propose('scored', source='recent') }}

select * from proposed
