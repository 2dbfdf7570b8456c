{# Notes each build in raw.builds, so that `rankmart score` can refuse tables of which some are
   new and some are old: the row is there as unfinished from the start of the first model, and
   stays so when the run is killed. #}
{% macro begin_build() %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry'] %}
        insert into raw.builds values (
            '{{ invocation_id }}', '{{ flags.WHICH }}', now(), null, '{{ protocol() }}', null
        )
    {% endif %}
{% endmacro %}


{% macro finish_build(results) %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry'] %}
        {% set failed = [] %}
        {% for result in results if result.node.resource_type == 'model'
            and result.status in ['error', 'fail', 'skipped', 'runtime error'] %}
            {% do failed.append(result.node.name) %}
        {% endfor %}
        update raw.builds
        set finished_at = now(), failed_models = {{ failed | length }}
        where invocation_id = '{{ invocation_id }}'
    {% endif %}
{% endmacro %}
