{# What is compared with the highest of the user's candidates: 0.9 of the best says as much to a user
   with one faint trace as to one with many, and scores of different users are then alike. #}
{% macro compared_with_best() %}
    {{ return({
        'standing': 'candidates.standing',
        'association_sum': 'evidence.association_sum',
        'association_last_1': 'evidence.association_last_1',
        'forward_sum': 'evidence.forward_sum',
        'two_hop_sum': 'evidence.two_hop_sum',
        'factor_sum': 'evidence.factor_sum',
        'tag_similarity': 'matches.tag_similarity',
        'content_similarity': 'content.content_similarity',
        'product_activity': 'activity.activity',
    }) }}
{% endmacro %}


{# Candidates with what their users' histories say for them, the CTEs `candidates`, `targets`,
   `activity`, `evidence`, `matches` and `content`: `from` and its joins. #}
{% macro from_candidates() -%}
    from candidates
    inner join targets
        on candidates.split = targets.split
        and candidates.user_key = targets.user_key
    left join activity
        on candidates.split = activity.split
        and candidates.product_key = activity.product_key
        and targets.moment = activity.moment
    {% for known in ['evidence', 'matches', 'content'] %}
    left join {{ known }}
        on candidates.split = {{ known }}.split
        and candidates.user_key = {{ known }}.user_key
        and candidates.product_key = {{ known }}.product_key
    {% endfor %}
{%- endmacro %}


{# The highest of each user: CTEs `activity` and `bests`, of the CTEs `candidates`, `targets`,
   `evidence`, `matches` and `content`. On a log scale a difference is taken, and not a share. #}
{% macro bests_of_users() -%}
    activity as (

        select * from {{ ref('product_activity') }}

    ),

    bests {{ as_it_stands() }} (

        select
            candidates.split,
            candidates.user_key,
            max(evidence.transition_sum) as transition_sum,
            {% for name, value in compared_with_best().items() %}
            nullif(greatest(max({{ value }}), 0), 0) as {{ name }}{{ '' if loop.last else ',' }}
            {% endfor %}

        {{ from_candidates() }}
        group by candidates.split, candidates.user_key

    )
{%- endmacro %}
