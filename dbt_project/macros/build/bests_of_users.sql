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

        from candidates
        inner join targets
            on candidates.split = targets.split
            and candidates.user_key = targets.user_key
        left join activity
            on candidates.split = activity.split
            and candidates.product_key = activity.product_key
            and targets.moment = activity.moment
        left join evidence
            on candidates.split = evidence.split
            and candidates.user_key = evidence.user_key
            and candidates.product_key = evidence.product_key
        left join matches
            on candidates.split = matches.split
            and candidates.user_key = matches.user_key
            and candidates.product_key = matches.product_key
        left join content
            on candidates.split = content.split
            and candidates.user_key = content.user_key
            and candidates.product_key = content.product_key
        group by candidates.split, candidates.user_key

    )
{%- endmacro %}
