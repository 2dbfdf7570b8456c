{# Post-hooks that end the run where what was built can't be right. The table that was there before
   stays. #}

{# Whether the moments of the temporal protocol are moments, and in their order. Those that are
   given as quantiles may be the same moment, where there are few. #}
{% macro check_cutoffs(cutoffs) %}
    {% if execute and protocol() == 'temporal' %}
        {% set found = run_query(
            "select max(case when split = 'fit' then history_until end),"
            ~ " max(case when split = 'test' then history_until end),"
            ~ " max(case when split = 'serve' then history_until end) from " ~ cutoffs
        ).rows[0] %}
        {% set fit, test, last = found[0], found[1], found[2] %}
        {% for name, moment in [('fit_cutoff', fit), ('test_cutoff', test)] %}
            {% if var(name) and moment is none %}
                {% do stop(
                    name ~ " is '" ~ var(name) ~ "', which is no date: write it as 2014-01-31"
                ) %}
            {% endif %}
        {% endfor %}
        {% set given = var('fit_cutoff') or var('test_cutoff') %}
        {% if last is not none and (fit > test or (given and fit == test)) %}
            {% set days = [] %}
            {% for moment in [fit, test] %}
                {% set day = modules.datetime.datetime.fromtimestamp(
                    moment | int, modules.pytz.utc
                ) %}
                {% do days.append(day.strftime('%Y-%m-%d')) %}
            {% endfor %}
            {% do stop(
                "the fit cut-off, " ~ days[0] ~ ", is not before the test cut-off, " ~ days[1]
                ~ ": give both fit_cutoff and test_cutoff, the earlier first, or neither"
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# Whether all keys fit into the numbers that are made of them. #}
{% macro check_keys(relation, column, bits) %}
    {% if execute %}
        {% set most = run_query(
            "select coalesce(max(" ~ column ~ "), 0) from " ~ relation
        ).rows[0][0] | int %}
        {% if most >= 2 ** bits %}
            {% do stop(
                relation.identifier ~ " has a " ~ column ~ " of " ~ most ~ ", and " ~ 2 ** bits
                ~ " is too many: read fewer reviews, such as those of one category or of late"
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}
