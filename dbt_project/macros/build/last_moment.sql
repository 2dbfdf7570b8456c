{# The last moment that a table knows, for `dbt source freshness`. A table that is not there, or
   has no row, knows none, and dbt calls that infinitely late; `when_none` says otherwise. #}
{% macro last_moment(schema, table, moment, among='true', when_none='null') -%}
    {%- set relation = adapter.get_relation(target.database, schema, table) -%}
    {%- if relation is none -%}
    select {{ when_none }}
    {%- else -%}
    select coalesce(max({{ moment }}), {{ when_none }}) from {{ relation }} where {{ among }}
    {%- endif -%}
{%- endmacro %}
