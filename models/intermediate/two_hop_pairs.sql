{{ config(materialized='bucketed', passes_of=3) }}

-- depends_on: {{ ref('target_users') }}
{# Neighbours of neighbours: the matrix of the nearest neighbours, times itself. It reaches
   products that were never reviewed together. #}
with

nearest as (

    select
        split,
        product_key,
        neighbor_key,
        association

    from {{ ref('product_pairs') }}
    where neighbor_rank <= {{ two_hop_width() }}

),

paths as (

    select
        first_step.split,
        first_step.product_key,
        second_step.neighbor_key,
        first_step.association * second_step.association as path_association

    from nearest as first_step
    inner join nearest as second_step
        on first_step.split = second_step.split
        and first_step.neighbor_key = second_step.product_key
        and first_step.product_key != second_step.neighbor_key
    where {{ in_bucket('first_step.product_key % 1024') }}

),

summed as (

    select
        split,
        product_key,
        neighbor_key,
        {{ exact_small_sum('path_association') }} as association

    from paths
    group by split, product_key, neighbor_key

),

ordered as (

    select
        split,
        product_key,
        {{ order_key('association', 'neighbor_key') }} as neighbor_order

    from summed

),

ranked as (

    select
        *,
        row_number() over (
            partition by split, product_key
            order by neighbor_order desc
        ) as neighbor_rank

    from ordered

),

neighbors as (

    select
        split,
        product_key,
        {{ key_of_order('neighbor_order') }} as neighbor_key,
        cast(neighbor_rank as int) as neighbor_rank,
        {{ score_of_order('neighbor_order') }} as association

    from ranked
    where neighbor_rank <= {{ neighbors_kept(var('two_hop_per_product')) }}

)

select * from neighbors
