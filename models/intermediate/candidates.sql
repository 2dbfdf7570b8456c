{{ config(materialized='bucketed') }}

{# All generators together, one row a pair, each one's score and rank kept as features. The best of
   a user stay: whatever a generator has among its first ten, then what stands high in several
   lists. All that comes after, evidence and features, is computed for these alone.

   Charts that are the same for everyone and likeness of texts say little of what a user wants
   next, so they have no part in the standing: below the first ten they come last. #}
{% set without_a_vote = ['trending', 'popular', 'content'] %}
with

targets as (

    select * from {{ ref('target_users') }}
    where {{ in_bucket('user_bucket') }}

),

proposed as (

    {% for generator in var('generators') %}
    select
        list_key,
        product_key,
        source_rank,
        {{ 0 if generator in without_a_vote else 1 }} as vote

    from {{ ref('candidates_' ~ generator) }}
    where {{ in_bucket('user_bucket') }}
    {% if not loop.last %}

    union all

    {% endif %}
    {% endfor %}

),

{# Reciprocal rank fusion, with the 60 of Cormack, Clarke and Buettcher (SIGIR 2009): in whole
   numbers of 1e-9. #}
merged as (

    select
        list_key,
        product_key,
        min(source_rank) as best_rank,
        cast(sum(cast(round(vote * 1e9 / (60 + source_rank)) as int)) as bigint) as standing

    from proposed
    group by list_key, product_key

),

{# One number to sort by. Its score is whether a product is among a first ten, 28 bits of standing,
   7 bits of the best rank. #}
ordered as (

    select
        list_key,
        {{ order_key(
            '((case when best_rank <= 10 then 268435456 else 0 end + least(standing, 268435455))'
            ~ ' * 128 + 127 - least(best_rank, 127))',
            'product_key',
            decimals=0
        ) }} as place_order

    from merged

),

ranked as (

    select
        *,
        row_number() over (
            partition by list_key
            order by place_order desc
        ) as place

    from ordered

),

best {{ as_it_stands() }} (

    select
        targets.split,
        targets.user_key,
        targets.user_bucket,
        ranked.list_key,
        {{ key_of_order('ranked.place_order') }} as product_key,
        cast(({{ shifted_right('ranked.place_order', 31) }} & 268435455) / 1e9 as float)
            as standing

    from ranked
    inner join targets
        on ranked.list_key = targets.list_key
    where ranked.place <= {{ candidates_of_each() }}

),

{# To fit on, only lists with a right answer serve: others say nothing of what is better. #}
hits as (

    select best.list_key

    from best
    inner join {{ ref('labels') }} as labels
        on best.list_key = labels.list_key
        and best.product_key = labels.product_key
    where best.split not in ('test', 'serve')
    group by best.list_key

),

kept {{ as_it_stands() }} (

    select best.*
    from best
    left join hits
        on best.list_key = hits.list_key
    where best.split in ('test', 'serve')
        or hits.list_key is not null

),

candidates as (

    select
        kept.split,
        kept.user_key,
        kept.product_key,
        kept.list_key,
        kept.user_bucket,
        {% for generator in var('generators') %}
        {{ generator }}.source_score as {{ generator }}_score,
        {{ generator }}.source_rank as {{ generator }}_rank,
        {% endfor %}
        0
        {% for generator in var('generators') %}
        + case when {{ generator }}.list_key is null then 0 else 1 end
        {% endfor %}
            as source_count,
        kept.standing

    from kept
    {% for generator in var('generators') %}
    left join {{ ref('candidates_' ~ generator) }} as {{ generator }}
        on {{ in_bucket(generator ~ '.user_bucket') }}
        and kept.list_key = {{ generator }}.list_key
        and kept.product_key = {{ generator }}.product_key
    {% endfor %}

)

select * from candidates
