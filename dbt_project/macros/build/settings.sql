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


{# The label windows that the ranker may learn from, the last one first. Those that a file of many
   users does not need have no rows. #}
{% macro fit_splits() -%}
    {{ return(['fit', 'fit_2', 'fit_3', 'fit_4']) }}
{%- endmacro %}


{# Every split that has a history of its own. #}
{% macro splits() -%}
    {{ return(fit_splits() + ['test', 'serve']) }}
{%- endmacro %}


{# Whether a window is one of those asked for: by number, or else until there are users enough. #}
{% macro is_fit_window(window, users_before) -%}
    {% set windows = var('fit_windows') %}
    {% if windows not in range(fit_splits() | length + 1) %}
        {% do stop("fit_windows is '" ~ windows ~ "': use 1 to 4, or 0 for as many as are needed") %}
    {% endif %}
    {% if windows -%}
        {{ window }} <= {{ windows }}
    {%- else -%}
        coalesce({{ users_before }}, 0) < {{ var('enough_fit_users') }}
    {%- endif %}
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
