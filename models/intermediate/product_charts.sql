{# The charts that are the same for everyone. Twice as many as are proposed to a user, so that what
   the user already has leaves enough. #}
{% set charts = {'trending': 'trend_score', 'popular': 'popular_score'} %}
with

product_stats as (

    select * from {{ ref('product_stats') }}

),

{% for chart, score in charts.items() %}
{{ chart }} as (

    select
        split,
        product_key,
        '{{ chart }}' as chart,
        {{ sort_key(score) }} as score,
        row_number() over (
            partition by split
            order by {{ sort_key(score) }} desc, {{ sort_key('popular_score') }} desc, product_key
        ) as chart_rank

    from product_stats

),

{% endfor %}
charts as (

    {% for chart in charts %}
    select
        split,
        chart,
        product_key,
        score,
        cast(chart_rank as int) as chart_rank

    from {{ chart }}
    where chart_rank <= 2 * {{ var('generators')[chart] }}
    {% if not loop.last %}

    union all

    {% endif %}
    {% endfor %}

)

select * from charts
