{# Every two products of one user's history that are at most `pair_max_gap` places apart, from
   either side, for the products of a pass: CTEs up to `pairs`. #}
{% macro history_pairs() -%}
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

    )
{%- endmacro %}
