{{ config(materialized='bucketed') }}

{# Item-to-item co-visitation: products of one user's history, nearer pairs weighing more, a
   later product weighing more than an earlier one, and popularity taken out. Beside it the
   plain counts of "reviewed right after" and smoothed transition counts over several steps. #}
with

moments as (

    select
        split,
        max(reviewed_epoch) as as_of

    from {{ ref('histories') }}
    group by split

),

{# A pair is as fresh as its later review. #}
histories as (

    select
        histories.split,
        histories.user_key,
        histories.product_key,
        histories.recency,
        cast(floor(histories.recency / {{ var('pair_max_gap') }}e0) as int) as block,
        histories.weight,
        pow(
            2e0,
            -(moments.as_of - histories.reviewed_epoch) / 86400e0
            / {{ var('pair_half_life_days') }}
        ) as freshness

    from {{ ref('histories') }} as histories
    inner join moments
        on histories.split = moments.split

),

popularity as (

    select
        split,
        product_key,
        interaction_count

    from {{ ref('product_stats') }}

),

catalog_sizes as (

    select
        split,
        count(*) as product_count

    from popularity
    group by split

),

{# A history is cut into blocks as long as the largest gap, and a review is met by those of its
   own block and of the next older one: what a heavy user adds grows with their reviews, and not
   with the square. #}
reach as (

    select
        histories.*,
        histories.block + blocks.further as earlier_block

    from histories
    cross join (select 0 as further union all select 1 as further) as blocks

),

forward_pairs as (

    select
        earlier.split,
        earlier.product_key,
        later.product_key as other_key,
        earlier.recency - later.recency as gap,
        cast(earlier.weight as double) * later.weight as weight,
        later.freshness,
        1 as is_forward

    from reach as later
    inner join histories as earlier
        on later.split = earlier.split
        and later.user_key = earlier.user_key
        and later.earlier_block = earlier.block
    where earlier.recency - later.recency between 1 and {{ var('pair_max_gap') }}
        and {{ in_bucket('earlier.product_key % 1024') }}

),

backward_pairs as (

    select
        later.split,
        later.product_key,
        earlier.product_key as other_key,
        earlier.recency - later.recency as gap,
        cast(earlier.weight as double) * later.weight as weight,
        later.freshness,
        0 as is_forward

    from reach as later
    inner join histories as earlier
        on later.split = earlier.split
        and later.user_key = earlier.user_key
        and later.earlier_block = earlier.block
    where earlier.recency - later.recency between 1 and {{ var('pair_max_gap') }}
        and {{ in_bucket('later.product_key % 1024') }}

),

pairs as (

    select * from forward_pairs
    union all
    select * from backward_pairs

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

associated as (

    select
        summed.*,
        pow(popularity.interaction_count, {{ var('popularity_power_from') }})
        * pow(other.interaction_count, {{ var('popularity_power_to') }}) as expected,
        popularity.interaction_count as popularity_count,
        catalog_sizes.product_count,
        cast(sum(cast(summed.next_count as decimal(18, 9))) over (
            partition by summed.split, summed.product_key
        ) as double) as next_total

    from summed
    inner join popularity
        on summed.split = popularity.split
        and summed.product_key = popularity.product_key
    inner join popularity as other
        on summed.split = other.split
        and summed.other_key = other.product_key
    inner join catalog_sizes
        on summed.split = catalog_sizes.split

),

scored as (

    select
        split,
        product_key,
        other_key as neighbor_key,
        pair_count,
        {{ sort_key(
            '(forward_weight + ' ~ var('backward_weight') ~ ' * backward_weight) / expected'
        ) }} as association,
        forward_weight / expected as forward_association,
        backward_weight / expected as backward_association,
        {{ sort_key('recent_weight / sqrt(popularity_count)') }} as recent_association,
        {{ sort_key('next_count / (next_total + 10)') }} as next_share,
        {{ sort_key(
            'ln(1 + transition_count * product_count / ' ~ var('transition_smoothing') ~ 'e0)'
        ) }} as transition_gain

    from associated

),

ranked as (

    select
        *,
        row_number() over (
            partition by split, product_key
            order by {{ order_key('association', 'neighbor_key') }} desc
        ) as neighbor_rank,
        row_number() over (
            partition by split, product_key
            order by {{ order_key('recent_association', 'neighbor_key') }} desc
        ) as recent_rank

    from scored

),

neighbors as (

    select
        split,
        product_key,
        neighbor_key,
        cast(neighbor_rank as int) as neighbor_rank,
        cast(recent_rank as int) as recent_rank,
        cast(pair_count as int) as pair_count,
        association,
        cast(forward_association as float) as forward_association,
        cast(backward_association as float) as backward_association,
        cast(recent_association as float) as recent_association,
        next_share,
        transition_gain

    from ranked
    where neighbor_rank <= {{ var('neighbors_per_product') }}
        or recent_rank <= {{ var('recent_neighbors_per_product') }}

)

select * from neighbors
