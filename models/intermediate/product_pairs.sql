{{ config(materialized='bucketed', passes_of=2) }}
-- depends_on: {{ ref('target_users') }}

{# Item-to-item co-visitation: products of one user's history, nearer pairs weighing more, a
   later product weighing more than an earlier one, and popularity taken out. Beside it the
   plain counts of "reviewed right after" and smoothed transition counts over several steps. #}
{# Up to here both ranks are those among all pairs; further down they are among the pairs kept. #}
{% set neighbors_of_each = neighbors_kept(var('neighbors_per_product')) %}
{% set recent_neighbors_of_each = neighbors_kept(var('recent_neighbors_per_product')) %}
{% set ranks_known = [neighbors_of_each, recent_neighbors_of_each] | max %}

with

{{ history_pairs() }},

popularity as (

    select
        split,
        {{ product_of_split(number_of_split('split'), 'product_key') }} as product_of_split,
        interaction_count,
        pow(interaction_count, {{ var('popularity_power_from') }}) as expected_from,
        pow(interaction_count, {{ var('popularity_power_to') }}) as expected_to

    from {{ ref('product_stats') }}

),

catalog_sizes as (

    select
        split,
        count(*) as product_count

    from popularity
    group by split

),

summed as (

    select
        {{ shifted_right('pair_key', 24) }} as product_of_split,
        {{ product_of_split(shifted_right('pair_key', 48), '(pair_key & 16777215)') }}
            as other_of_split,
        cast(count(*) as int) as pair_count,
        {{ exact_small_sum(
            'freshness * weight / gap * case when is_forward = 1 then 1 else '
            ~ var('backward_weight') ~ ' end'
        ) }} as recent_weight,
        {{ exact_small_sum('is_forward * weight / gap') }} as forward_weight,
        {{ exact_small_sum('(1 - is_forward) * weight / gap') }} as backward_weight,
        {{ exact_small_sum('case when is_forward = 1 and gap = 1 then weight else 0 end') }}
            as next_count,
        {{ exact_small_sum(
            'case when is_forward = 1 and gap <= 10 then weight / sqrt(gap) else 0 end'
        ) }} as transition_count

    from pairs
    group by pair_key

),

associated as (

    select
        popularity.product_of_split,
        summed.pair_count,
        summed.recent_weight,
        summed.forward_weight,
        summed.backward_weight,
        summed.next_count,
        summed.transition_count,
        summed.other_of_split & 16777215 as neighbor_key,
        {{ recent_association_of('summed', 'popularity.interaction_count') }}
            as recent_association,
        {{ association_of('summed', '(popularity.expected_from * other.expected_to)') }}
            as association

    from summed
    inner join popularity
        on summed.product_of_split = popularity.product_of_split
    inner join popularity as other
        on summed.other_of_split = other.product_of_split

),

{# Ranking every pair would sort them all, wide as they are. So the bars first: what it takes to
   be among the best by either measure. Of a hundred pairs some ten are left to be ranked. #}
ordered {{ as_it_stands() }} (

    select
        product_of_split,
        pair_count,
        recent_weight,
        forward_weight,
        backward_weight,
        next_count,
        transition_count,
        {{ order_key('association', 'neighbor_key') }} as association_order,
        {{ order_key('recent_association', 'neighbor_key') }} as recent_order

    from associated

),

of_products as (

    select
        product_of_split,
        {{ exact_small_sum('next_count') }} as next_total,
        {{ nth_highest('association_order', ranks_known) }} as association_bar,
        {{ nth_highest('recent_order', ranks_known) }} as recent_bar

    from ordered
    group by product_of_split

),

contenders as (

    select
        ordered.*,
        of_products.next_total

    from ordered
    inner join of_products
        on ordered.product_of_split = of_products.product_of_split
    where ordered.association_order >= of_products.association_bar
        or ordered.recent_order >= of_products.recent_bar

),

ranked as (

    select
        *,
        {{ key_of_order('association_order') }} as neighbor_key,
        {{ product_of_split(
            shifted_right('product_of_split', 24), key_of_order('association_order')
        ) }} as other_of_split,
        row_number() over (
            partition by product_of_split
            order by association_order desc
        ) as neighbor_rank,
        row_number() over (
            partition by product_of_split
            order by recent_order desc
        ) as recent_rank

    from contenders

),

kept as (

    select
        ranked.*,
        popularity.split,
        popularity.interaction_count,
        popularity.expected_from * other.expected_to as expected

    from ranked
    inner join popularity
        on ranked.product_of_split = popularity.product_of_split
    inner join popularity as other
        on ranked.other_of_split = other.product_of_split
    where ranked.neighbor_rank <= {{ neighbors_of_each }}
        or ranked.recent_rank <= {{ recent_neighbors_of_each }}

),

neighbors as (

    select
        kept.split,
        cast(kept.product_of_split & 16777215 as int) as product_key,
        kept.neighbor_key,
        cast(kept.neighbor_rank as int) as neighbor_rank,
        cast(kept.recent_rank as int) as recent_rank,
        kept.pair_count,
        {{ association_of('kept', 'kept.expected') }} as association,
        cast(kept.forward_weight / kept.expected as float) as forward_association,
        cast(kept.backward_weight / kept.expected as float) as backward_association,
        cast({{ recent_association_of('kept', 'kept.interaction_count') }} as float)
            as recent_association,
        {{ sort_key('kept.next_count / (kept.next_total + 10)') }} as next_share,
        {{ sort_key(
            'ln(1 + kept.transition_count * catalog_sizes.product_count / '
            ~ var('transition_smoothing') ~ 'e0)'
        ) }} as transition_gain

    from kept
    inner join catalog_sizes
        on kept.split = catalog_sizes.split

)

select * from neighbors
