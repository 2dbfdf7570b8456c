{# Whether a rating tells of a wish. Without ratings every review does. #}
{% macro is_positive(rating) -%}
    coalesce({{ rating }} > {{ var('negative_rating_max') }}, true)
{%- endmacro %}
