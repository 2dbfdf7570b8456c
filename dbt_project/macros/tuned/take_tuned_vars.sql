{# On-run-start: what `rankmart tune` found, from its file into raw.generator_vars, for `var`. What a
   person says comes first: a var given on the command line, and one that dbt_project.yml has
   otherwise than when it was tuned. #}
{% macro take_tuned_vars() %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry'] %}
        {% do adapter.dispatch('take_tuned_vars', 'rankmart')() %}
    {% endif %}
{% endmacro %}


{% macro default__take_tuned_vars() %}{% endmacro %}


{% macro duckdb__take_tuned_vars() %}
    {% set by_hand = invocation_args_dict.get('vars') or {} %}
    {% set used = [] %}
    {% set passed_over = [] %}
    {% for name in tunable_vars() if name in by_hand %}
        {% do used.append((name, by_hand[name], '--vars')) %}
    {% endfor %}
    {% for name, found in duckdb__tuned_vars_of_file().items() if name in tunable_vars() %}
        {% if name in by_hand or builtins.var(name) != found.instead_of %}
            {% do passed_over.append(name) %}
        {% else %}
            {% do used.append((name, found.value, 'tuned')) %}
        {% endif %}
    {% endfor %}
    {% do run_query("
        create or replace table raw.generator_vars (
            name varchar, value double, came_from varchar
        )
    ") %}
    {% for name, value, came_from in used %}
        {% do run_query(
            "insert into raw.generator_vars values ('" ~ name ~ "', " ~ value ~ ", '" ~ came_from
            ~ "')"
        ) %}
    {% endfor %}
    {% if passed_over or used | selectattr(2, 'equalto', 'tuned') | list %}
        {% do log(duckdb__told(used, passed_over), info=true) %}
    {% endif %}
{% endmacro %}


{# By var, its `value` and what it is `instead_of`; nothing without a file. #}
{% macro duckdb__tuned_vars_of_file() -%}
    {% set path = tuned_path() %}
    {% set rows = run_query('select content from read_text(' ~ quote_text(path) ~ ')').rows
        if run_query('select 1 from glob(' ~ quote_text(path) ~ ')').rows else [] %}
    {% set vars = {} %}
    {% for row in rows %}
        {% set content = fromjson(row[0], {}) %}
        {% set found = content.get('vars', {}) if content is mapping else none %}
        {% if found is not mapping %}
            {% do stop(path ~ " holds no tuned vars: delete it, or run `rankmart tune` again") %}
        {% endif %}
        {% do vars.update(found) %}
    {% endfor %}
    {{ return(vars) }}
{%- endmacro %}


{% macro duckdb__told(used, passed_over) -%}
    {% set words = [] %}
    {% for name, value, came_from in used if came_from == 'tuned' %}
        {% do words.append(name ~ ' ' ~ value) %}
    {% endfor %}
    {% set passed = ' (not: ' ~ passed_over | join(', ') ~ ', which you changed)'
        if passed_over else '' %}
    {{ return('Vars of ' ~ tuned_path() ~ ': ' ~ (words | join(', ') or 'none') ~ passed) }}
{%- endmacro %}


{# Where `rankmart tune` leaves what it found, from the var or from the environment, in that order. #}
{% macro tuned_path() -%}
    {{ return(var('tuned_path') or env_var('RANKMART_TUNED', '') or 'data/tuned.json') }}
{%- endmacro %}
