{# Events are numbered after all reviews. #}
{% macro review_id_of_event(seq) -%}
    {{ seq }} + 1000000000000
{%- endmacro %}
