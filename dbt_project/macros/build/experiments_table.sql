{# On-run-start: the table of the seed experiments, empty, as list_rules_table makes its own. #}
{% macro experiments_table() %}
    {% if execute and flags.WHICH in ['run', 'test'] %}
        create table if not exists {{ target.schema }}.experiments (
            experiment varchar, salt varchar, variant varchar, share double, list varchar,
            starts_on date, ends_on date
        )
    {% endif %}
{% endmacro %}
