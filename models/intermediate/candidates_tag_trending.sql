{{ config(materialized='bucketed') }}

{# What is trending among products with the tags of the user's recent ones: it reaches new
   products of the right brand or category before anyone reviewed them beside another. Nothing
   without a products file. #}
with

{{ recent_histories() }},

product_stats as (

    select * from {{ ref('product_stats') }}

),

tags as (

    select * from {{ ref('product_tags') }}

),

tastes {{ as_it_stands() }} (

    select
        recent.split,
        recent.user_key,
        tags.tag,
        {{ exact_sum('tags.weight * recent.recency_weight') }} as weight

    from recent
    inner join tags
        on recent.product_key = tags.product_key
    group by recent.split, recent.user_key, tags.tag

),

charts as (

    select
        product_stats.split,
        tags.tag,
        tags.product_key,
        tags.weight * sqrt(product_stats.trend_score) as score,
        row_number() over (
            partition by product_stats.split, tags.tag
            order by product_stats.trend_score desc, tags.product_key
        ) as chart_rank

    from tags
    inner join product_stats
        on tags.product_key = product_stats.product_key

),

chart_tops {{ as_it_stands() }} (

    select
        split,
        tag,
        product_key,
        score

    from charts
    where chart_rank <= {{ var('generators')['tag_trending'] }}

),

scored as (

    select
        tastes.split,
        tastes.user_key,
        chart_tops.product_key,
        {{ exact_sum('tastes.weight * chart_tops.score') }} as score

    from tastes
    inner join chart_tops
        on tastes.split = chart_tops.split
        and tastes.tag = chart_tops.tag
    group by tastes.split, tastes.user_key, chart_tops.product_key

),

{{ propose('scored', source='tag_trending', decimals=6) }}

select * from proposed
