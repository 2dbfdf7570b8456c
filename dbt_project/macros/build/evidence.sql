{# What the edges from a user's history to a candidate add up to. The history is `recent`, one row
   for each of its products. #}


{# The history product that contributes most, and by how much: columns `because_of_key` and
   `explains`. The nearer product wins a tie: contributions are told apart to nine decimals, and
   places in the history by less than that. #}
{% macro explained_by(association) -%}
    {%- set explains -%}
        round({{ association }} * recent.recency_weight, 9) - recent.recency * 1e-11
    {%- endset -%}
    max_by(recent.product_key, {{ explains }}) as because_of_key,
        max({{ explains }}) as explains
{%- endmacro %}


{# A sum as a feature. #}
{% macro summed(expression) -%}
    cast({{ exact_small_sum(expression) }} as float)
{%- endmacro %}


{# The highest of those that meet a condition, as a feature; null where there are none. #}
{% macro highest_of(expression, condition) -%}
    cast(max(case when {{ condition }} then {{ expression }} end) as float)
{%- endmacro %}
