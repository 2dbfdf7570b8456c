{{ config(materialized='bucketed') }}

{# All generators together, one row a pair, each one's score and rank kept as features. The
   standing is high for what stands high in several lists. #}
with

{% for generator in var('generators') %}

{{ generator }} as (

    select * from {{ ref('candidates_' ~ generator) }}

),

{% endfor %}

targets as (

    select * from {{ ref('target_users') }}
    where {{ in_bucket('user_bucket') }}

),

proposed as (

    {% for generator in var('generators') %}
    select * from {{ generator }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

merged as (

    select
        proposed.split,
        proposed.user_key,
        proposed.product_key,
        max(targets.user_bucket) as user_bucket,
        {% for generator in var('generators') %}
        max(case when proposed.source = '{{ generator }}' then proposed.source_score end)
            as {{ generator }}_score,
        max(case when proposed.source = '{{ generator }}' then proposed.source_rank end)
            as {{ generator }}_rank,
        {% endfor %}
        count(*) as source_count,
        sum(cast(1e0 / (10 + proposed.source_rank) as decimal(18, 9))) as standing

    from proposed
    inner join targets
        on proposed.split = targets.split
        and proposed.user_key = targets.user_key
    group by proposed.split, proposed.user_key, proposed.product_key

),

candidates as (

    select
        split,
        user_key,
        product_key,
        user_bucket,
        {% for generator in var('generators') %}
        {{ generator }}_score,
        cast({{ generator }}_rank as int) as {{ generator }}_rank,
        {% endfor %}
        cast(source_count as int) as source_count,
        cast(standing as float) as standing

    from merged

)

select * from candidates
