{{ config(materialized='bucketed') }}

{# All generators together, one row a pair, each one's score and rank kept as features. The best of
   a user stay: whatever a generator has among its first ten, then what stands high in several
   lists. All that comes after, evidence and features, is computed for these alone.

   Charts that are the same for everyone and likeness of texts say little of what a user wants
   next, so they have no part in the standing: below the first ten they come last. #}
{% set without_a_vote = ['trending', 'popular', 'content'] %}
with

proposed as (

    {% for generator in var('generators') %}
    select
        split,
        user_key,
        product_key,
        user_bucket,
        source_rank,
        {{ 0 if generator in without_a_vote else 1 }} as vote

    from {{ ref('candidates_' ~ generator) }}
    where {{ in_bucket('user_bucket') }}
    {% if not loop.last %}

    union all

    {% endif %}
    {% endfor %}

),

{# Reciprocal rank fusion, with the 60 of Cormack, Clarke and Buettcher (SIGIR 2009). #}
merged as (

    select
        split,
        user_key,
        product_key,
        max(user_bucket) as user_bucket,
        count(*) as source_count,
        min(source_rank) as best_rank,
        sum(cast(vote / (60e0 + source_rank) as decimal(18, 9))) as standing

    from proposed
    group by split, user_key, product_key

),

ranked as (

    select
        *,
        row_number() over (
            partition by split, user_key
            order by
                case when best_rank <= 10 then 0 else 1 end asc,
                standing desc,
                best_rank asc,
                product_key asc
        ) as place

    from merged

),

best {{ as_it_stands() }} (

    select * from ranked
    where place <= {{ var('candidates_at_most') }}

),

{# To fit on, only lists with a right answer serve: others say nothing of what is better. #}
hits as (

    select
        best.split,
        best.user_key

    from best
    inner join {{ ref('labels') }} as labels
        on best.split = labels.split
        and best.user_key = labels.user_key
        and best.product_key = labels.product_key
    where best.split not in ('test', 'serve')
    group by best.split, best.user_key

),

kept {{ as_it_stands() }} (

    select best.*
    from best
    left join hits
        on best.split = hits.split
        and best.user_key = hits.user_key
    where best.split in ('test', 'serve')
        or hits.user_key is not null

),

candidates as (

    select
        kept.split,
        kept.user_key,
        kept.product_key,
        kept.user_bucket,
        {% for generator in var('generators') %}
        {{ generator }}.source_score as {{ generator }}_score,
        {{ generator }}.source_rank as {{ generator }}_rank,
        {% endfor %}
        cast(kept.source_count as int) as source_count,
        cast(kept.standing as float) as standing

    from kept
    {% for generator in var('generators') %}
    left join {{ ref('candidates_' ~ generator) }} as {{ generator }}
        on {{ in_bucket(generator ~ '.user_bucket') }}
        and kept.split = {{ generator }}.split
        and kept.user_key = {{ generator }}.user_key
        and kept.product_key = {{ generator }}.product_key
    {% endfor %}

)

select * from candidates
