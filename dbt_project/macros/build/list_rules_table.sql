{# On-run-start: the table of the seed list_rules, empty, for those who never ran `dbt seed`: its
   tests and `rankmart score` then find no rules instead of no table. Not where dbt may load the
   seed itself: it looked for tables before this, and would create it a second time. #}
{% macro list_rules_table() %}
    {% if execute and flags.WHICH in ['run', 'test'] %}
        create table if not exists {{ target.schema }}.list_rules (
            rule varchar, product_id varchar, brand varchar, category varchar, amount double,
            position integer, from_date date, to_date date
        )
    {% endif %}
{% endmacro %}
