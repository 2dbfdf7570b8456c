{# The moment at which a user is asked what they want next. Under the temporal protocol it is the
   split's cut-off, the same for everyone: moment 0. Leave-last-out asks each user right after the
   last review that the split may see: the number of that fortnight. #}
{% macro moment_of(epoch) -%}
    {% if protocol() == 'temporal' -%}
    0
    {%- else -%}
    cast(floor(({{ epoch }}) / 1209600e0) as int)
    {%- endif %}
{%- endmacro %}


{# The day of a moment, counted from 1970, UTC. #}
{% macro day_of(epoch) -%}
    cast(floor({{ epoch }} / 86400e0) as int)
{%- endmacro %}
