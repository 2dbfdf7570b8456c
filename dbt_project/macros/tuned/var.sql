{# dbt's own `var`, but for what `rankmart tune` found: while a model is built, a number that
   `take_tuned_vars` left in raw.generator_vars takes the place of the one in dbt_project.yml. So
   models ask for a var as ever. Unit tests have the numbers that they were written with. #}
{% macro var(name) -%}
    {%- set given = builtins.var(name, *varargs, **kwargs) -%}
    {%- if execute and name in tunable_vars() and model.resource_type != 'unit_test' -%}
        {{ return(adapter.dispatch('tuned_var', 'rankmart')(name, given)) }}
    {%- endif -%}
    {{ return(given) }}
{%- endmacro %}


{% macro default__tuned_var(name, given) -%}
    {{ return(given) }}
{%- endmacro %}


{# A warehouse that an earlier version built has no such table until the next `dbt run`. #}
{% macro duckdb__tuned_var(name, given) -%}
    {%- if adapter.get_relation(target.database, 'raw', 'generator_vars') is none -%}
        {{ return(given) }}
    {%- endif -%}
    {%- set found = run_query(
        "select value from raw.generator_vars where came_from = 'tuned' and name = '" ~ name ~ "'"
    ).columns[0].values() | list -%}
    {{ return(as_written(found[0]) if found else given) }}
{%- endmacro %}


{# A number as a person writes it: 20, not 20.0. #}
{% macro as_written(number) -%}
    {{ return(number | int if number == number | int else number | float) }}
{%- endmacro %}
