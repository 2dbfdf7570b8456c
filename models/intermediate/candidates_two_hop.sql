{{ config(materialized='bucketed') }}

with

{{ recent_histories() }},

neighbors as (

    select * from {{ ref('two_hop_pairs') }}

),

scored as (

    select
        recent.split,
        recent.user_key,
        neighbors.neighbor_key as product_key,
        {{ exact_sum('neighbors.association * recent.recency_weight') }} as score

    from recent
    inner join neighbors
        on recent.split = neighbors.split
        and recent.product_key = neighbors.product_key
        and neighbors.neighbor_rank <= recent.neighbor_depth
    group by recent.split, recent.user_key, neighbors.neighbor_key

),

{{ propose('scored', source='two_hop') }}

select * from proposed
