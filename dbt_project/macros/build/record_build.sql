{# Notes each build in raw.builds, so that `rankmart score` can refuse tables of which some are
   new and some are old: the row is there as unfinished from the start of the first model, and
   stays so when the run is killed. A build is whole if it built every model; what a retry
   builds completes the one before. #}
{% macro begin_build() %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry'] %}
        {{ keep_vars() }}
        insert into raw.builds values (
            '{{ invocation_id }}', '{{ flags.WHICH }}', now(), null, '{{ protocol() }}', null, null
        )
    {% endif %}
{% endmacro %}


{% macro finish_build(results) %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry'] %}
        {% set models = results | map(attribute='node')
            | selectattr('resource_type', 'equalto', 'model') | list %}
        {% set project_models = graph.nodes.values()
            | selectattr('resource_type', 'equalto', 'model') | list %}
        {% set failed = [] %}
        {% for result in results if result.node.resource_type == 'model'
            and result.status in ['error', 'fail', 'skipped', 'runtime error'] %}
            {% do failed.append(result.node.name) %}
        {% endfor %}
        {% set is_whole = flags.WHICH == 'retry' or models | length == project_models | length %}
        {{ keep_compiled_sql(results) }}
        update raw.builds
        set
            finished_at = now(),
            is_whole = {{ is_whole | lower }},
            failed_models = {{ failed | length }}
        where invocation_id = '{{ invocation_id }}'
    {% endif %}
{% endmacro %}


{# Keeps the vars that lists which follow events go by, as the models do. #}
{% macro keep_vars() %}
    create or replace table raw.build_vars as
    select
        'exclude_reviewed' as name,
        cast({{ 1 if var('exclude_reviewed') else 0 }} as double) as value
    union all
    select
        'negative_rating_max' as name,
        cast({{ var('negative_rating_max') }} as double) as value;
{% endmacro %}


{# Keeps the SQL that built each model, as the engine ran it: the API computes the features of one
   user by the same text. #}
{% macro keep_compiled_sql(results) %}
    {% set rows = [] %}
    {% for result in results
        if result.node.resource_type == 'model' and result.status == 'success'
        and result.node.language == 'sql' %}
        {% do rows.append(
            '(' ~ quote_text(result.node.name) ~ ', '
            ~ quote_text(result.node.compiled_code) ~ ')'
        ) %}
    {% endfor %}
    {% if rows %}
        insert or replace into raw.compiled_models values {{ rows | join(', ') }};
    {% endif %}
{% endmacro %}
