{# What trends among the products with a tag: the first of them, as many as are proposed. #}
with

product_stats as (

    select * from {{ ref('product_stats') }}

),

tags as (

    select * from {{ ref('product_tags') }}

),

ranked as (

    select
        product_stats.split,
        tags.tag,
        tags.product_key,
        tags.weight * sqrt(product_stats.trend_score) as score,
        row_number() over (
            partition by product_stats.split, tags.tag
            order by product_stats.trend_score desc, tags.product_key asc
        ) as chart_rank

    from tags
    inner join product_stats
        on tags.product_key = product_stats.product_key

),

charts as (

    select
        split,
        tag,
        product_key,
        score,
        cast(chart_rank as int) as chart_rank

    from ranked
    where chart_rank <= {{ var('generators').get('tag_trending', 30) }}

)

select * from charts
