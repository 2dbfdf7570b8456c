{# What is compared with the highest of the user's candidates, by the CTE that it is from: 0.9 of the
   best says as much to a user with one faint trace as to one with many, and scores of different
   users are then alike. #}
{% macro compared_with_best() %}
    {{ return({
        'candidates': ['standing'],
        'evidence': [
            'association_sum', 'association_last_1', 'forward_sum', 'two_hop_sum', 'factor_sum',
        ],
        'matches': ['tag_similarity'],
        'content': ['content_similarity'],
        'activities': ['product_activity'],
    }) }}
{% endmacro %}


{# The highest of each user, in each of these CTEs by itself, so that nothing of a candidate is
   joined for it: CTEs `activity` and up to `bests`. On a log scale a difference is taken, and not a share:
   `transition_sum` is kept as it is. #}
{% macro bests_of_users() -%}
    activity as (

        select * from {{ ref('product_activity') }}

    ),

    {# What goes on around a candidate at the user's moment. #}
    activities as (

        select
            candidates.list_key,
            activity.activity as product_activity

        from candidates
        inner join targets
            on candidates.list_key = targets.list_key
        inner join activity
            on candidates.split = activity.split
            and candidates.product_key = activity.product_key
            and targets.moment = activity.moment

    ),

    {% for relation, names in compared_with_best().items() %}

    bests_of_{{ relation }} as (

        select
            list_key,
            {% if relation == 'evidence' %}
            max(transition_sum) as transition_sum,
            {% endif %}
            {% for name in names %}
            nullif(greatest(max({{ name }}), 0), 0) as {{ name }}{{ '' if loop.last else ',' }}
            {% endfor %}

        from {{ relation }}
        group by list_key

    ),

    {% endfor %}

    {# Every user with a candidate has a standing; the rest where there is any. #}
    bests {{ as_it_stands() }} (

        select
            bests_of_candidates.list_key,
            bests_of_evidence.transition_sum,
            {% for relation, names in compared_with_best().items() %}
            {% set last = loop.last %}
            {% for name in names %}
            bests_of_{{ relation }}.{{ name }}{{ '' if last and loop.last else ',' }}
            {% endfor %}
            {% endfor %}

        from bests_of_candidates
        {% for relation in compared_with_best() if relation != 'candidates' %}
        left join bests_of_{{ relation }}
            on bests_of_candidates.list_key = bests_of_{{ relation }}.list_key
        {% endfor %}

    )
{%- endmacro %}
