{{ config(materialized='bucketed') }}

{# What is trending among products with the tags of the user's recent ones: it reaches new
   products of the right brand or category before anyone reviewed them beside another. Nothing
   without a products file. #}
with

{{ recent_histories() }},

tags as (

    select * from {{ ref('product_tags') }}

),

charts as (

    select * from {{ ref('tag_charts') }}
    where chart_rank <= {{ proposals_of('tag_trending') }}

),

tastes {{ as_it_stands() }} (

    select
        recent.split,
        recent.list_key,
        tags.tag,
        {{ exact_small_sum('tags.weight * recent.recency_weight') }} as weight

    from recent
    inner join tags
        on recent.product_key = tags.product_key
    where recent.recency <= {{ fewer_for_fewer_candidates(var('history_length'), at_least=8) }}
    group by recent.split, recent.list_key, tags.tag

),

scored as (

    select
        tastes.list_key,
        charts.product_key,
        {{ exact_small_sum('tastes.weight * charts.score') }} as score

    from tastes
    inner join charts
        on tastes.split = charts.split
        and tastes.tag = charts.tag
    group by tastes.list_key, charts.product_key

),

{{ propose('scored', source='tag_trending', decimals=6) }}

select * from proposed
