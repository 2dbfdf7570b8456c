{# How many candidates each user's list has: `candidates_at_most`, or fewer where lists are so many
   that all together would have more than `candidate_rows`. #}
{% macro candidates_of_each() %}
    {% set most = var('candidates_at_most') %}
    {% if not execute or model.resource_type == 'unit_test' %}
        {{ return(most) }}
    {% endif %}
    {% set targets = load_relation(ref('target_users')) %}
    {% if targets is none %}
        {{ return(most) }}
    {% endif %}
    {% set lists = run_query('select count(*) from ' ~ targets).columns[0][0] | int %}
    {% set share = var('candidate_rows') // ([lists, 1] | max) %}
    {{ return([most, [var('candidates_at_least'), share] | max] | min) }}
{% endmacro %}


{# How many that is of as many as a list may have. What candidates are chosen from is as much less. #}
{% macro share_of_candidates() %}
    {{ return(candidates_of_each() / var('candidates_at_most')) }}
{% endmacro %}


{# As many fewer of what candidates are found by, at least so many of them. A model that asks for it
   comes after `target_users`. #}
{% macro fewer_for_fewer_candidates(most, at_least) %}
    {% if most is not number %}
        {% do stop("'" ~ most ~ "' is a var of the generators in dbt_project.yml: use a number") %}
    {% endif %}
    {% set share = (most * share_of_candidates()) | round(0, 'ceil') | int %}
    {{ return([most, [at_least, share] | max] | min) }}
{% endmacro %}


{# Of two hops, how many neighbours each goes through. Paths are as many as its square. #}
{% macro two_hop_width() %}
    {{ return(fewer_for_fewer_candidates(var('two_hop_width'), at_least=10)) }}
{% endmacro %}


{# How many neighbours of a product are kept: as many as a user's last product is asked for, and as
   are published and gone through. #}
{% macro neighbors_kept(most) %}
    {% set needed = [var('neighbors_published'), two_hop_width()] | max %}
    {{ return(fewer_for_fewer_candidates(most, at_least=needed)) }}
{% endmacro %}


{# How many products a generator proposes to a user: of fewer candidates as many fewer, but twenty,
   which it is measured by. One whose line was taken out is a model still, and nobody reads it: one. #}
{% macro proposals_of(source) %}
    {% set most = var('generators').get(source, 1) %}
    {{ return(fewer_for_fewer_candidates(most, at_least=20)) }}
{% endmacro %}


{# What every generator ends with: products the user already has are left out, the rest is
   ranked, the best are kept. The columns are the same for all of them. `scored` names a CTE
   (list_key, product_key, score); CTEs `histories` and `targets` must be there. #}
{% macro propose(scored, source, decimals=9) -%}
    unseen as (

        select
            scored.list_key,
            {{ order_key('scored.score', 'scored.product_key', decimals) }} as order_key

        from {{ scored }} as scored
        {{ without_reviewed('scored') }}

    ),

    ranked as (

        select
            *,
            row_number() over (
                partition by list_key
                order by order_key desc
            ) as source_rank

        from unseen

    ),

    best as (

        select * from ranked
        where source_rank <= {{ proposals_of(source) }}

    ),

    {{ proposed_of('best', "'" ~ source ~ "'", decimals) }}
{%- endmacro %}


{# What every generator's table is made of: `ranked` names a CTE (list_key, order_key, source_rank),
   and `source` is the generator's name, in SQL. A CTE `targets` must be there. #}
{% macro proposed_of(ranked, source, decimals=9) -%}
    proposed as (

        select
            targets.split,
            targets.user_key,
            {{ key_of_order('ranked.order_key') }} as product_key,
            ranked.list_key,
            targets.user_bucket,
            {{ source }} as source,
            cast({{ score_of_order('ranked.order_key', decimals) }} as float) as source_score,
            cast(ranked.source_rank as int) as source_rank

        from {{ ranked }} as ranked
        inner join targets
            on ranked.list_key = targets.list_key

    )
{%- endmacro %}


{# The same for several generators at once: `scored` has a column for each of them. The highest of a
   group are an aggregate, as sums are, so that one grouping ranks by all. #}
{% macro propose_by_each(scored, sources) -%}
    bests {{ as_it_stands() }} (

        select
            scored.list_key,
            {% for source in sources %}
            {{ n_highest(
                'case when scored.' ~ source ~ ' is not null then '
                ~ order_key('scored.' ~ source, 'scored.product_key') ~ ' end',
                proposals_of(source)
            ) }} as {{ source }}{{ ',' if not loop.last }}
            {% endfor %}

        from {{ scored }} as scored
        {{ without_reviewed('scored') }}
        group by scored.list_key

    ),

    ranked as (

        {% for source in sources %}
        select
            list_key,
            '{{ source }}' as source,
            {{ numbered_elements(source, 'order_key', 'source_rank') }}

        from bests
        {% if not loop.last %}

        union all

        {% endif %}
        {% endfor %}

    ),

    {{ proposed_of('ranked', 'ranked.source') }}
{%- endmacro %}


{# The generator whose rows `candidate_neighbors` has among those of others. #}
{% macro neighbors_by(source) -%}
    with

    neighbors as (

        select * from {{ ref('candidate_neighbors') }}
        where source = '{{ source }}'

    )

    select * from neighbors
{%- endmacro %}


{# The join that leaves out products which the user already has. `scored` names a CTE
   (list_key, product_key); a CTE `histories` must be there. #}
{% macro without_reviewed(scored) -%}
    {% if var('exclude_reviewed') -%}
    anti join histories
            on {{ scored }}.list_key = histories.list_key
            and {{ scored }}.product_key = histories.product_key
            and coalesce(histories.is_settled, true)
    {%- endif %}
{%- endmacro %}


{# Scores of the CTE `scored`, raised for what is active at the user's moment: CTEs up to
   `active`. #}
{% macro weigh_by_activity(scores=('score',)) -%}
    activity as (

        select * from {{ ref('product_activity') }}

    ),

    active as (

        select
            scored.list_key,
            scored.product_key,
            {% for score in scores %}
            scored.{{ score }}
            * coalesce(activity.activity_weight, pow(0.1e0, {{ var('activity_power') }}))
                as {{ score }}{{ ',' if not loop.last }}
            {% endfor %}

        from scored
        inner join targets
            on scored.list_key = targets.list_key
        left join activity
            on targets.split = activity.split
            and scored.product_key = activity.product_key
            and targets.moment = activity.moment

    )
{%- endmacro %}


{# The last products of the users that candidates are made for, each with the weight of its
   place: CTEs `histories`, `targets` and `recent`. #}
{% macro recent_histories() -%}
    histories as (

        select * from {{ ref('histories') }}
        where {{ in_bucket('user_bucket') }}

    ),

    targets as (

        select * from {{ ref('target_users') }}
        where {{ in_bucket('user_bucket') }}

    ),

    recent as (

        select
            histories.split,
            histories.list_key,
            histories.user_key,
            histories.product_key,
            histories.recency,
            histories.reviewed_epoch,
            histories.weight,
            histories.weight * pow({{ var('recency_decay') }}, histories.recency - 1)
                as recency_weight,
            histories.weight * pow(histories.recency, -0.6e0) as slow_weight,
            cast(floor(
                {{ var('neighbors_per_product') * share_of_candidates() }}
                * pow({{ var('neighbors_taper') }}, histories.recency - 1)
            ) as int) as neighbor_depth

        from histories
        semi join targets
            on histories.list_key = targets.list_key
        where histories.recency <= {{ var('history_length') }}

    )
{%- endmacro %}


{# Neighbours of the user's recent products, summed with the weights of their places: CTEs up to
   `active`. `pairs` is a relation of pairs (split, product_key, neighbor_key, neighbor_rank,
   association); of older products fewer neighbours are asked. #}
{% macro sum_over_neighbors(pairs) -%}
    {{ recent_histories() }},

    neighbors as (

        select * from {{ pairs }}

    ),

    scored as (

        select
            recent.list_key,
            neighbors.neighbor_key as product_key,
            {{ exact_small_sum('neighbors.association * recent.recency_weight') }} as score

        from recent
        inner join neighbors
            on recent.split = neighbors.split
            and recent.product_key = neighbors.product_key
            and neighbors.neighbor_rank <= recent.neighbor_depth
        group by recent.list_key, neighbors.neighbor_key

    ),

    {{ weigh_by_activity() }}
{%- endmacro %}


{# Products ranked the same for everyone: CTEs up to `scored`. #}
{% macro same_for_everyone(chart) -%}
    histories as (

        select * from {{ ref('histories') }}
        where {{ in_bucket('user_bucket') }}

    ),

    targets as (

        select * from {{ ref('target_users') }}
        where {{ in_bucket('user_bucket') }}

    ),

    charts as (

        select * from {{ ref('product_charts') }}
        where chart = '{{ chart }}'

    ),

    scored as (

        select
            targets.list_key,
            charts.product_key,
            charts.score

        from targets
        inner join charts
            on targets.split = charts.split

    )
{%- endmacro %}
