{# A setting that may come from a var, or from the environment, in that order. #}

{% macro reviews_path() -%}
    {{ return(var('reviews_path') or env_var('RANKMART_REVIEWS', '') or 'data/reviews.csv') }}
{%- endmacro %}


{% macro products_path() -%}
    {{ return(var('products_path') or env_var('RANKMART_PRODUCTS', '')) }}
{%- endmacro %}


{% macro protocol() -%}
    {% set name = var('protocol') or env_var('RANKMART_PROTOCOL', '') or 'temporal' %}
    {% if name not in ['temporal', 'leave_last_out'] %}
        {% do stop("protocol is '" ~ name ~ "': use temporal or leave_last_out") %}
    {% endif %}
    {{ return(name) }}
{%- endmacro %}


{% macro same_day_order() -%}
    {% set name = var('same_day_order') %}
    {% if name not in ['file', 'shuffled'] %}
        {% do stop("same_day_order is '" ~ name ~ "': use file or shuffled") %}
    {% endif %}
    {{ return(name) }}
{%- endmacro %}


{# Ends the run with a message that says what to do next. #}
{% macro stop(message) -%}
    {% do exceptions.raise_compiler_error(message) %}
{%- endmacro %}
