{{ config(materialized='bucketed', passes_of=3) }}

{# Item-to-item co-visitation: products of one user's history, nearer pairs weighing more, a
   later product weighing more than an earlier one, and popularity taken out. Beside it the
   plain counts of "reviewed right after" and smoothed transition counts over several steps. #}
{# Up to here both ranks are those among all pairs; further down they are among the pairs kept. #}
{% set ranks_known = [var('neighbors_per_product'), var('recent_neighbors_per_product')] | max %}

with

{{ history_pairs() }},

popularity as (

    select
        split,
        product_key,
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
        split,
        product_key,
        other_key,
        count(*) as pair_count,
        {{ exact_sum(
            'freshness * weight / gap * case when is_forward = 1 then 1 else '
            ~ var('backward_weight') ~ ' end'
        ) }} as recent_weight,
        {{ exact_sum('is_forward * weight / gap') }} as forward_weight,
        {{ exact_sum('(1 - is_forward) * weight / gap') }} as backward_weight,
        {{ exact_sum('case when is_forward = 1 and gap = 1 then weight else 0 end') }}
            as next_count,
        {{ exact_sum(
            'case when is_forward = 1 and gap <= 10 then weight / sqrt(gap) else 0 end'
        ) }} as transition_count

    from pairs
    group by split, product_key, other_key

),

expected as (

    select
        summed.split,
        summed.product_key,
        summed.other_key as neighbor_key,
        summed.pair_count,
        summed.forward_weight,
        summed.backward_weight,
        summed.next_count,
        summed.transition_count,
        popularity.expected_from * other.expected_to as expected,
        {{ sort_key('summed.recent_weight / sqrt(popularity.interaction_count)') }}
            as recent_association

    from summed
    inner join popularity
        on summed.split = popularity.split
        and summed.product_key = popularity.product_key
    inner join popularity as other
        on summed.split = other.split
        and summed.other_key = other.product_key

),

associated as (

    select
        *,
        {{ sort_key(
            '(forward_weight + ' ~ var('backward_weight') ~ ' * backward_weight) / expected'
        ) }} as association

    from expected

),

{# Ranking every pair would sort them all, wide as they are. So the bars first: what it takes to
   be among the best by either measure. Of a hundred pairs some ten are left to be ranked. #}
ordered {{ as_it_stands() }} (

    select
        *,
        {{ order_key('association', 'neighbor_key') }} as association_order,
        {{ order_key('recent_association', 'neighbor_key') }} as recent_order

    from associated

),

next_totals as (

    select
        split,
        product_key,
        {{ exact_sum('next_count') }} as next_total

    from ordered
    group by split, product_key

),

{% for order in ['association_order', 'recent_order'] %}

{{ order }}_places as (

    select
        split,
        product_key,
        {{ order }},
        row_number() over (
            partition by split, product_key
            order by {{ order }} desc
        ) as place

    from ordered

),

{{ order }}_bars as (

    select
        split,
        product_key,
        min({{ order }}) as bar

    from {{ order }}_places
    where place <= {{ ranks_known }}
    group by split, product_key

),

{% endfor %}

contenders as (

    select ordered.*

    from ordered
    inner join association_order_bars
        on ordered.split = association_order_bars.split
        and ordered.product_key = association_order_bars.product_key
    inner join recent_order_bars
        on ordered.split = recent_order_bars.split
        and ordered.product_key = recent_order_bars.product_key
    where ordered.association_order >= association_order_bars.bar
        or ordered.recent_order >= recent_order_bars.bar

),

ranked as (

    select
        *,
        row_number() over (
            partition by split, product_key
            order by association_order desc
        ) as neighbor_rank,
        row_number() over (
            partition by split, product_key
            order by recent_order desc
        ) as recent_rank

    from contenders

),

neighbors as (

    select
        ranked.split,
        ranked.product_key,
        ranked.neighbor_key,
        cast(ranked.neighbor_rank as int) as neighbor_rank,
        cast(ranked.recent_rank as int) as recent_rank,
        cast(ranked.pair_count as int) as pair_count,
        ranked.association,
        cast(ranked.forward_weight / ranked.expected as float) as forward_association,
        cast(ranked.backward_weight / ranked.expected as float) as backward_association,
        cast(ranked.recent_association as float) as recent_association,
        {{ sort_key('ranked.next_count / (next_totals.next_total + 10)') }} as next_share,
        {{ sort_key(
            'ln(1 + ranked.transition_count * catalog_sizes.product_count / '
            ~ var('transition_smoothing') ~ 'e0)'
        ) }} as transition_gain

    from ranked
    inner join next_totals
        on ranked.split = next_totals.split
        and ranked.product_key = next_totals.product_key
    inner join catalog_sizes
        on ranked.split = catalog_sizes.split
    where ranked.neighbor_rank <= {{ var('neighbors_per_product') }}
        or ranked.recent_rank <= {{ var('recent_neighbors_per_product') }}

)

select * from neighbors
