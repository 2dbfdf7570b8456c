{# Every two products of one user's history that are at most `pair_max_gap` places apart, from
   either side, for the products of a pass: CTEs up to `pairs`. Hundreds of millions of them are
   joined and grouped, so that what tells them apart is one whole number: `pair_key` is
   `product_of_split` times 2^24 and the other's key. #}
{% macro history_pairs() -%}
    moments as (

        select
            split,
            max(reviewed_epoch) as as_of

        from {{ ref('histories') }}
        group by split

    ),

    {# A pair is as fresh as its later review. A history is cut into blocks as long as the largest
       gap. #}
    histories as (

        select
            {{ product_of_split(
                shifted_right('histories.list_key', 28), 'histories.product_key'
            ) }} as product_of_split,
            histories.product_key,
            histories.recency,
            cast(histories.list_key as bigint) * 1048576
            + cast(floor(histories.recency / {{ var('pair_max_gap') }}e0) as int) as block,
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

    {# A review is met by those of its own block and of the next older one: what a heavy user adds
       grows with their reviews, and not with the square. #}
    reach as (

        select
            histories.*,
            histories.block + blocks.further as earlier_block

        from histories
        cross join (select 0 as further union all select 1 as further) as blocks

    ),

    forward_pairs as (

        select
            earlier.product_of_split * 16777216 + later.product_key as pair_key,
            earlier.recency - later.recency as gap,
            cast(earlier.weight as double) * later.weight as weight,
            later.freshness,
            1 as is_forward

        from reach as later
        inner join histories as earlier
            on later.earlier_block = earlier.block
        where earlier.recency - later.recency between 1 and {{ var('pair_max_gap') }}
            and {{ in_bucket('earlier.product_key % 1024') }}

    ),

    backward_pairs as (

        select
            later.product_of_split * 16777216 + earlier.product_key as pair_key,
            earlier.recency - later.recency as gap,
            cast(earlier.weight as double) * later.weight as weight,
            later.freshness,
            0 as is_forward

        from reach as later
        inner join histories as earlier
            on later.earlier_block = earlier.block
        where earlier.recency - later.recency between 1 and {{ var('pair_max_gap') }}
            and {{ in_bucket('later.product_key % 1024') }}

    ),

    pairs as (

        select * from forward_pairs
        union all
        select * from backward_pairs

    )
{%- endmacro %}


{# What a pair is ranked by, and what is kept of it as its association: the same number. #}
{% macro association_of(pair, expected) -%}
    {{ sort_key(
        '(' ~ pair ~ '.forward_weight + ' ~ var('backward_weight') ~ ' * ' ~ pair
        ~ '.backward_weight) / ' ~ expected
    ) }}
{%- endmacro %}


{# The same by weights that fade. #}
{% macro recent_association_of(pair, interaction_count) -%}
    {{ sort_key(pair ~ '.recent_weight / sqrt(' ~ interaction_count ~ ')') }}
{%- endmacro %}
