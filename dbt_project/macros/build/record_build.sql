{# On-run-end: notes whether every model was built, so that `rankmart score` can refuse tables
   of which some are new and some are old. #}
{% macro record_build(results) %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% set failed = [] %}
        {% for result in results if result.node.resource_type == 'model'
            and result.status in ['error', 'fail', 'skipped', 'runtime error'] %}
            {% do failed.append(result.node.name) %}
        {% endfor %}
        insert into raw.builds values (
            '{{ invocation_id }}', '{{ flags.WHICH }}', now(), '{{ protocol() }}', {{ failed | length }}
        )
    {% endif %}
{% endmacro %}
