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
    {% set rows = [] %}
    {% for source in graph.sources.values() %}
    {% do rows.extend(description_rows(source)) %}
    {{ comments_on(source) if source.source_name == 'raw' }}
    {% endfor %}
    insert into raw.descriptions values {{ rows | join(', ') }};
    {# `dbt build` loads the seeds itself, with their comments. #}
    {% for seed in graph.nodes.values()
        if seed.resource_type == 'seed' and flags.WHICH == 'run' %}
    {{ comments_on(seed) }}
    {% endfor %}
{% endmacro %}


{# The texts of a table and of its columns as rows, with a null for the table itself. #}
{% macro description_rows(table) %}
    {% set place = quote_text(table.schema) ~ ', ' ~ quote_text(table.identifier) %}
    {% set rows = [
        '(' ~ place ~ ', null, ' ~ quote_text(table.description | trim) ~ ')'
    ] %}
    {% for column in table.columns.values() %}
        {% do rows.append(
            '(' ~ place ~ ', ' ~ quote_text(column.name) ~ ', '
            ~ quote_text(column.description | trim) ~ ')'
        ) %}
    {% endfor %}
    {{ return(rows) }}
{% endmacro %}


{# The same as comments. A seed has an alias and no identifier. #}
{% macro comments_on(table) %}
    {% set name = table.schema ~ '.' ~ (table.identifier or table.alias) %}
    comment on table {{ name }} is {{ quote_text(table.description | trim) }};
    {% for column in table.columns.values() %}
    comment on column {{ name }}.{{ column.name }} is {{ quote_text(column.description | trim) }};
    {% endfor %}
{% endmacro %}


{# In the place of dbt's own, which asks twice for the columns of each model, and comments on the
   table and on its columns in two statements. #}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {% set comments = [] %}
    {% if for_relation and config.persist_relation_docs() and model.description %}
        {% do comments.append(alter_relation_comment(relation, model.description)) %}
    {% endif %}
    {% if for_columns and config.persist_column_docs() and model.columns %}
        {% set there = adapter.get_columns_in_relation(relation)
            | map(attribute='name') | list %}
        {% for name, column in validate_doc_columns(relation, model.columns, there).items() %}
            {% do comments.append(
                'comment on column ' ~ relation ~ '.'
                ~ (adapter.quote(name) if column.quote else name)
                ~ ' is ' ~ duckdb_escape_comment(column.description) ~ ';'
            ) %}
        {% endfor %}
    {% endif %}
    {% if comments %}
        {% do run_query(comments | join('\n')) %}
    {% endif %}
{% endmacro %}
