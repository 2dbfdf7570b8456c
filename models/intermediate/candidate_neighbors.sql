{{ config(materialized='bucketed', passes_of=2, by_candidates=true) }}

{# What was reviewed near the user's recent products, by each measure of a pair. Pairs are joined
   and grouped once for all of them; the generators of these measures are views of this. #}
{% set is_near = 'neighbors.neighbor_rank <= recent.neighbor_depth' %}
{% set is_near_of_late = 'neighbors.recent_rank <= recent.neighbor_depth' %}
{% set is_next = 'recent.recency = 1 and neighbors.next_share > 0' %}
{% set part_of = {
    'co_visited': (is_near, 'neighbors.association * recent.recency_weight'),
    'recent': (is_near_of_late, 'neighbors.recent_association * recent.recency_weight'),
    'transitions': (is_near, 'neighbors.transition_gain * recent.slow_weight'),
    'next': (is_next, 'neighbors.next_share'),
} %}
{% set asked = part_of.keys() | select('in', var('generators')) | list %}
{% set sources = asked or part_of.keys() | list %}
with

{{ recent_histories() }},

neighbors as (

    select * from {{ ref('product_pairs') }}

),

scored as (

    select
        {% for source in sources %}
        {{ exact_small_sum('case when ' ~ part_of[source] | join(' then ') ~ ' end') }}
            as {{ source }},
        {% endfor %}
        recent.list_key,
        neighbors.neighbor_key as product_key

    from recent
    inner join neighbors
        on recent.split = neighbors.split
        and recent.product_key = neighbors.product_key
        and least(neighbors.neighbor_rank, neighbors.recent_rank) <= recent.neighbor_depth
    group by recent.list_key, neighbors.neighbor_key

),

{{ weigh_by_activity(sources) }},

{{ propose_by_each('active', sources) }}

select * from proposed
