{# Every two products of one user's history that are at most `pair_max_gap` places apart, or fewer
   where each list has fewer candidates, from either side, for the products of a pass: CTEs up to
   `pairs`. Hundreds of millions of them are joined and grouped, so that what tells them apart is one
   whole number: `pair_key` is `product_of_split` times 2^24 and the other's key.

   A pass reads the histories once from end to end, as they are: all that is made of them first
   is made of the rows of the pass alone. #}
{% macro history_pairs() -%}
    {%- set max_gap = fewer_for_fewer_candidates(var('pair_max_gap'), at_least=10) -%}
    {%- set block -%}
        cast(histories.list_key as bigint) * 1048576
            + cast(floor(histories.recency / {{ max_gap }}e0) as int)
    {%- endset -%}
    moments as (

        select * from {{ ref('split_moments') }}

    ),

    {# A history is cut into blocks as long as the largest gap. A review is met by those of its own
       block and of the next on either side: what a heavy user adds grows with their reviews, and
       not with the square. #}
    of_pass as (

        select
            {{ product_of_split(
                shifted_right('histories.list_key', 28), 'histories.product_key'
            ) }} as product_of_split,
            histories.recency,
            histories.weight,
            histories.reviewed_epoch,
            moments.as_of,
            {{ block }} + blocks.step as met_block

        from {{ ref('histories') }} as histories
        inner join moments
            on histories.split = moments.split
        cross join (
            select -1 as step union all select 0 as step union all select 1 as step
        ) as blocks
        where {{ in_bucket('histories.product_key % 1024') }}

    ),

    others as (

        select
            histories.product_key,
            histories.recency,
            histories.weight,
            histories.reviewed_epoch,
            {{ block }} as block

        from {{ ref('histories') }} as histories

    ),

    met as (

        select
            of_pass.product_of_split * 16777216 + others.product_key as pair_key,
            of_pass.recency - others.recency as steps,
            cast(of_pass.weight as double) * others.weight as weight,
            of_pass.as_of - case
                when of_pass.recency < others.recency then of_pass.reviewed_epoch
                else others.reviewed_epoch
            end as age

        from others
        inner join of_pass
            on others.block = of_pass.met_block
        where abs(of_pass.recency - others.recency) between 1 and {{ max_gap }}

    ),

    {# A pair is as fresh as its later review. #}
    pairs as (

        select
            pair_key,
            abs(steps) as gap,
            weight,
            pow(2e0, -age / 86400e0 / {{ var('pair_half_life_days') }}) as freshness,
            case when steps > 0 then 1 else 0 end as is_forward

        from met

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
