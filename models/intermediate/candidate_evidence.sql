{{ config(materialized='bucketed') }}

{# What a user's history says for a candidate, position by position. Computed for the
   candidates alone: choosing them took one cheap aggregate, and this one is not. #}
with

{{ recent_histories() }},

{# Reviews of one day are of one moment, whatever their order in the file: beside the order of
   products stand the days, counted from the last, and the time that lies between. #}
dated as (

    select
        *,
        dense_rank() over (
            partition by list_key
            order by {{ day_of('reviewed_epoch') }} desc
        ) as day_recency,
        max(reviewed_epoch) over (partition by list_key) as last_epoch

    from recent

),

weighted as (

    select
        *,
        weight * pow({{ var('recency_decay') }}, day_recency - 1) as day_weight,
        weight * pow(
            2e0, -(last_epoch - reviewed_epoch) / 86400e0 / {{ var('history_half_life_days') }}
        ) as age_weight

    from dated

),

candidates as (

    select
        list_key,
        product_key

    from {{ ref('candidates') }}
    where {{ in_bucket('user_bucket') }}

),

neighbors as (

    select * from {{ ref('product_pairs') }}

),

two_hops as (

    select * from {{ ref('two_hop_pairs') }}

),

factor_neighbors as (

    select * from {{ ref('factor_pairs') }}

),

edges as (

    select
        recent.list_key,
        recent.product_key as history_key,
        recent.recency,
        recent.recency_weight,
        recent.slow_weight,
        recent.day_recency,
        recent.day_weight,
        recent.age_weight,
        neighbors.neighbor_key as product_key,
        neighbors.association,
        neighbors.forward_association,
        neighbors.backward_association,
        neighbors.recent_association,
        neighbors.next_share,
        neighbors.transition_gain,
        cast(null as double) as two_hop_association,
        cast(null as double) as factor_association

    from weighted as recent
    inner join neighbors
        on recent.split = neighbors.split
        and recent.product_key = neighbors.product_key
        and least(neighbors.neighbor_rank, neighbors.recent_rank) <= recent.neighbor_depth

    union all

    select
        recent.list_key,
        recent.product_key as history_key,
        recent.recency,
        recent.recency_weight,
        recent.slow_weight,
        recent.day_recency,
        recent.day_weight,
        recent.age_weight,
        two_hops.neighbor_key as product_key,
        cast(null as double) as association,
        cast(null as float) as forward_association,
        cast(null as float) as backward_association,
        cast(null as float) as recent_association,
        cast(null as double) as next_share,
        cast(null as double) as transition_gain,
        two_hops.association as two_hop_association,
        cast(null as double) as factor_association

    from weighted as recent
    inner join two_hops
        on recent.split = two_hops.split
        and recent.product_key = two_hops.product_key
        and recent.neighbor_depth >= two_hops.neighbor_rank

    union all

    select
        recent.list_key,
        recent.product_key as history_key,
        recent.recency,
        recent.recency_weight,
        recent.slow_weight,
        recent.day_recency,
        recent.day_weight,
        recent.age_weight,
        factor_neighbors.neighbor_key as product_key,
        cast(null as double) as association,
        cast(null as float) as forward_association,
        cast(null as float) as backward_association,
        cast(null as float) as recent_association,
        cast(null as double) as next_share,
        cast(null as double) as transition_gain,
        cast(null as double) as two_hop_association,
        factor_neighbors.association as factor_association

    from weighted as recent
    inner join factor_neighbors
        on recent.split = factor_neighbors.split
        and recent.product_key = factor_neighbors.product_key
        and recent.neighbor_depth >= factor_neighbors.neighbor_rank

),

{# The nearer history product wins a tie: contributions are told apart to nine decimals, and
   places in the history by less than that. A direct pair explains more than a path of two, and
   that more than a likeness of vectors. #}
supporting as (

    select
        edges.*,
        round(
            coalesce(
                edges.association,
                edges.two_hop_association / 1e3,
                edges.factor_association / 1e6
            ) * edges.recency_weight,
            9
        ) - edges.recency * 1e-11 as explains

    from edges
    inner join candidates
        on edges.list_key = candidates.list_key
        and edges.product_key = candidates.product_key

),

evidence as (

    select
        list_key,
        product_key,
        max_by(history_key, explains) as because_of_key,
        cast(count(association) as int) as support,
        cast({{ exact_small_sum('association * recency_weight') }} as float)
            as association_sum,
        cast(max(association) as float) as association_max,
        cast({{ exact_small_sum('forward_association * recency_weight') }} as float)
            as forward_sum,
        cast({{ exact_small_sum('backward_association * recency_weight') }} as float)
            as backward_sum,
        cast({{ exact_small_sum('recent_association * recency_weight') }} as float)
            as recent_sum,
        cast({{ exact_small_sum('next_share * recency_weight') }} as float) as next_sum,
        cast({{ exact_small_sum('transition_gain * slow_weight') }} as float)
            as transition_sum,
        cast({{ exact_small_sum('two_hop_association * recency_weight') }} as float)
            as two_hop_sum,
        cast({{ exact_small_sum('factor_association * recency_weight') }} as float)
            as factor_sum,
        cast(max(case when recency = 1 then association end) as float) as association_last_1,
        cast(max(case when recency = 1 then two_hop_association end) as float)
            as two_hop_last_1,
        cast(max(case when recency = 1 then factor_association end) as float)
            as factor_last_1,
        cast({{ exact_small_sum('factor_association') }} as float) as factor_total,
        cast(max(factor_association) as float) as factor_max,
        cast({{ exact_small_sum('association * day_weight') }} as float) as association_by_day,
        cast({{ exact_small_sum('two_hop_association * day_weight') }} as float)
            as two_hop_by_day,
        cast({{ exact_small_sum('factor_association * day_weight') }} as float)
            as factor_by_day,
        cast({{ exact_small_sum('association * age_weight') }} as float) as association_by_age,
        cast({{ exact_small_sum('factor_association * age_weight') }} as float)
            as factor_by_age,
        cast({{ exact_small_sum('case when day_recency = 1 then association end') }} as float)
            as association_last_day,
        cast(max(case when day_recency = 1 then association end) as float)
            as association_last_day_max,
        cast(max(case when day_recency = 1 then two_hop_association end) as float)
            as two_hop_last_day_max,
        cast(max(case when day_recency = 1 then factor_association end) as float)
            as factor_last_day_max

    from supporting
    group by list_key, product_key

),

of_lists as (

    select
        targets.split,
        targets.user_bucket,
        evidence.*

    from evidence
    inner join targets
        on evidence.list_key = targets.list_key

)

select * from of_lists
