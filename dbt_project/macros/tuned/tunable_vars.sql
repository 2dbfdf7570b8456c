{# The vars that `rankmart tune` looks for better numbers of. #}
{% macro tunable_vars() -%}
    {{ return([
        'recency_decay', 'neighbors_taper', 'activity_power',
        'backward_weight', 'popularity_power_from', 'popularity_power_to',
        'pair_half_life_days', 'transition_smoothing', 'two_hop_width',
        'factors', 'factor_confidence', 'factor_regularization',
        'similar_users', 'similar_users_history', 'reviewers_per_product',
        'trend_half_life_days', 'candidates_at_most',
    ]) }}
{%- endmacro %}
