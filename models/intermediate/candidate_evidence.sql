{{ config(materialized='bucketed', by_candidates=true) }}

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

{# Of edges there are many times as many as candidates. Each kind is summed by itself, so that
   no edge has to carry what the other kinds are summed by. A direct pair explains more than a
   path of two, and that more than a likeness of vectors. #}
of_pairs as (

    select
        recent.list_key,
        neighbors.neighbor_key as product_key,
        {{ explained_by('neighbors.association') }},
        cast(count(*) as int) as support,
        {{ summed('neighbors.association * recent.recency_weight') }} as association_sum,
        cast(max(neighbors.association) as float) as association_max,
        {{ summed('neighbors.forward_association * recent.recency_weight') }} as forward_sum,
        {{ summed('neighbors.backward_association * recent.recency_weight') }}
            as backward_sum,
        {{ summed('neighbors.recent_association * recent.recency_weight') }} as recent_sum,
        {{ summed('neighbors.next_share * recent.recency_weight') }} as next_sum,
        {{ summed('neighbors.transition_gain * recent.slow_weight') }} as transition_sum,
        {{ highest_of('neighbors.association', 'recent.recency = 1') }} as association_last_1,
        {{ summed('neighbors.association * recent.day_weight') }} as association_by_day,
        {{ summed('neighbors.association * recent.age_weight') }} as association_by_age,
        {{ summed('case when recent.day_recency = 1 then neighbors.association end') }}
            as association_last_day,
        {{ highest_of('neighbors.association', 'recent.day_recency = 1') }}
            as association_last_day_max

    from weighted as recent
    inner join neighbors
        on recent.split = neighbors.split
        and recent.product_key = neighbors.product_key
        and least(neighbors.neighbor_rank, neighbors.recent_rank) <= recent.neighbor_depth
    semi join candidates
        on recent.list_key = candidates.list_key
        and neighbors.neighbor_key = candidates.product_key
    group by recent.list_key, neighbors.neighbor_key

),

of_two_hops as (

    select
        recent.list_key,
        two_hops.neighbor_key as product_key,
        {{ explained_by('two_hops.association / 1e3') }},
        {{ summed('two_hops.association * recent.recency_weight') }} as two_hop_sum,
        {{ highest_of('two_hops.association', 'recent.recency = 1') }} as two_hop_last_1,
        {{ summed('two_hops.association * recent.day_weight') }} as two_hop_by_day,
        {{ highest_of('two_hops.association', 'recent.day_recency = 1') }}
            as two_hop_last_day_max

    from weighted as recent
    inner join two_hops
        on recent.split = two_hops.split
        and recent.product_key = two_hops.product_key
        and recent.neighbor_depth >= two_hops.neighbor_rank
    semi join candidates
        on recent.list_key = candidates.list_key
        and two_hops.neighbor_key = candidates.product_key
    group by recent.list_key, two_hops.neighbor_key

),

of_factors as (

    select
        recent.list_key,
        factor_neighbors.neighbor_key as product_key,
        {{ explained_by('factor_neighbors.association / 1e6') }},
        {{ summed('factor_neighbors.association * recent.recency_weight') }} as factor_sum,
        {{ highest_of('factor_neighbors.association', 'recent.recency = 1') }}
            as factor_last_1,
        {{ summed('factor_neighbors.association') }} as factor_total,
        cast(max(factor_neighbors.association) as float) as factor_max,
        {{ summed('factor_neighbors.association * recent.day_weight') }} as factor_by_day,
        {{ summed('factor_neighbors.association * recent.age_weight') }} as factor_by_age,
        {{ highest_of('factor_neighbors.association', 'recent.day_recency = 1') }}
            as factor_last_day_max

    from weighted as recent
    inner join factor_neighbors
        on recent.split = factor_neighbors.split
        and recent.product_key = factor_neighbors.product_key
        and recent.neighbor_depth >= factor_neighbors.neighbor_rank
    semi join candidates
        on recent.list_key = candidates.list_key
        and factor_neighbors.neighbor_key = candidates.product_key
    group by recent.list_key, factor_neighbors.neighbor_key

),

evidence as (

    select
        candidates.list_key,
        candidates.product_key,
        case
            when coalesce(of_pairs.explains, -1e0) >= coalesce(of_two_hops.explains, -1e0)
                and coalesce(of_pairs.explains, -1e0) >= coalesce(of_factors.explains, -1e0)
                then of_pairs.because_of_key
            when coalesce(of_two_hops.explains, -1e0) >= coalesce(of_factors.explains, -1e0)
                then of_two_hops.because_of_key
            else of_factors.because_of_key
        end as because_of_key,
        coalesce(of_pairs.support, 0) as support,
        of_pairs.association_sum,
        of_pairs.association_max,
        of_pairs.forward_sum,
        of_pairs.backward_sum,
        of_pairs.recent_sum,
        of_pairs.next_sum,
        of_pairs.transition_sum,
        of_two_hops.two_hop_sum,
        of_factors.factor_sum,
        of_pairs.association_last_1,
        of_two_hops.two_hop_last_1,
        of_factors.factor_last_1,
        of_factors.factor_total,
        of_factors.factor_max,
        of_pairs.association_by_day,
        of_two_hops.two_hop_by_day,
        of_factors.factor_by_day,
        of_pairs.association_by_age,
        of_factors.factor_by_age,
        of_pairs.association_last_day,
        of_pairs.association_last_day_max,
        of_two_hops.two_hop_last_day_max,
        of_factors.factor_last_day_max

    from candidates
    left join of_pairs
        on candidates.list_key = of_pairs.list_key
        and candidates.product_key = of_pairs.product_key
    left join of_two_hops
        on candidates.list_key = of_two_hops.list_key
        and candidates.product_key = of_two_hops.product_key
    left join of_factors
        on candidates.list_key = of_factors.list_key
        and candidates.product_key = of_factors.product_key
    where coalesce(
            of_pairs.because_of_key, of_two_hops.because_of_key, of_factors.because_of_key
        ) is not null

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
