{{ config(materialized='bucketed', passes_of=3) }}

{# A first-order Markov chain: what users reviewed right after the user's last product. #}
with

{{ recent_histories() }},

neighbors as (

    select * from {{ ref('product_pairs') }}

),

scored as (

    select
        recent.list_key,
        neighbors.neighbor_key as product_key,
        neighbors.next_share as score

    from recent
    inner join neighbors
        on recent.split = neighbors.split
        and recent.product_key = neighbors.product_key
    where recent.recency = 1
        and neighbors.next_share > 0

),

{{ weigh_by_activity() }},

{{ propose('active', source='next') }}

select * from proposed
