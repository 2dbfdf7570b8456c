{# On-run-start: what dbt does not build has comments too. The tables of `raw` and the seeds' get
   theirs here; the texts of every source are kept in raw.descriptions, from which `rankmart score`
   puts them on the tables of schema `ranker`. The YAML is the one place where they stand. #}
{% macro describe_tables() %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry'] %}
        {{ adapter.dispatch('describe_tables', 'rankmart')() }}
    {% endif %}
{% endmacro %}


{# Elsewhere the comments are a matter of the catalogue that the tables are in. #}
{% macro default__describe_tables() %}{% endmacro %}


{% macro duckdb__describe_tables() %}
    create or replace table raw.descriptions (
        table_schema varchar, table_name varchar, column_name varchar, description varchar
    );
    {% for source in graph.sources.values() %}
    {{ description_rows(source) }}
    {{ comments_on(source) if source.source_name == 'raw' }}
    {% endfor %}
    {# `dbt build` loads the seeds itself, with their comments. #}
    {% for seed in graph.nodes.values()
        if seed.resource_type == 'seed' and flags.WHICH == 'run' %}
    {{ comments_on(seed) }}
    {% endfor %}
{% endmacro %}


{# The texts of a table and of its columns, null for the table itself. #}
{% macro description_rows(table) %}
    insert into raw.descriptions values
    (
        '{{ table.schema }}', '{{ table.identifier }}', null,
        {{ quote_text(table.description | trim) }}
    )
    {%- for column in table.columns.values() %},
    (
        '{{ table.schema }}', '{{ table.identifier }}', '{{ column.name }}',
        {{ quote_text(column.description | trim) }}
    )
    {%- endfor %};
{% endmacro %}


{# The same as comments. A seed has an alias and no identifier. #}
{% macro comments_on(table) %}
    {% set name = table.schema ~ '.' ~ (table.identifier or table.alias) %}
    comment on table {{ name }} is {{ quote_text(table.description | trim) }};
    {% for column in table.columns.values() %}
    comment on column {{ name }}.{{ column.name }} is {{ quote_text(column.description | trim) }};
    {% endfor %}
{% endmacro %}
