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
    group by recent.split, recent.user_key, neighbors.neighbor_key

),

{{ propose('scored', source='two_hop', at_most=var('candidates_per_generator')) }}

select * from proposed
