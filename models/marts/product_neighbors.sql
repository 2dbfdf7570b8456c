with

pairs as (

    select * from {{ ref('product_pairs') }}
    where split = 'serve'

),

{{ product_ids() }},

neighbors as (

    select
        product_ids.product_id,
        pairs.neighbor_rank as rank,
        other_ids.product_id as neighbor_id,
        pairs.association as score,
        pairs.pair_count as user_count

    from pairs
    inner join product_ids
        on pairs.product_key = product_ids.product_key
    inner join product_ids as other_ids
        on pairs.neighbor_key = other_ids.product_key
    where pairs.neighbor_rank <= {{ var('neighbors_published') }}

)

select * from neighbors
