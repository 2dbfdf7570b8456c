{# Tables that multiply (pairs, candidates, features) are built pass by pass over buckets of
   users or products, so that peak memory is a setting and not a function of the file.

   A bucketed model writes `{{ in_bucket('user_bucket') }}` in a condition. As it stands the
   condition is true of every bucket: one pass. The materialization puts a narrower range there
   for each pass; the number of passes follows from the lines read, `reviews_per_pass` and the memory.

   Each pass reads the table that it is joined with from end to end. Where that is long, and what a
   pass makes of it is not, the model says `passes_of=3`: passes over three times as many reviews.
   One whose rows are as many as candidates says `by_candidates=true`: where each list has a third of
   the candidates, a pass is over three times as many lists. It comes after `target_users`. #}

{% macro in_bucket(column) -%}
    {{ column }} between 0 and 1023 /* bucket */
{%- endmacro %}


{% macro bucket_ranges(passes_of=1, by_candidates=false) %}
    {# Leave-last-out asks every user in all three splits, `temporal` most in one: some twice the
       rows for as many reviews. #}
    {% set rows_per_review = 2 if protocol() == 'leave_last_out' else 1 %}
    {% set lines = run_query(
        "select coalesce(sum(lines_read), 0) from raw.files where dataset = 'reviews'"
    ).columns[0][0] | float %}
    {# The var is for 4 GB, shared by two models that are built at a time. #}
    {% set reviews_per_pass = var('reviews_per_pass') * memory_in_gb() / 4
        * 2 / ([target.threads, 2] | max) * passes_of / rows_per_review
        / (share_of_candidates() if by_candidates else 1) %}
    {% set passes = (lines / reviews_per_pass) | round(0, 'ceil') | int %}
    {% set passes = [[1, passes] | max, 1024] | min %}
    {% set ranges = [] %}
    {% for number in range(passes) %}
        {% do ranges.append((1024 * number // passes, 1024 * (number + 1) // passes - 1)) %}
    {% endfor %}
    {{ return(ranges) }}
{% endmacro %}


{# What models may use together. #}
{% macro memory_in_gb() %}
    {{ return(adapter.dispatch('memory_in_gb', 'rankmart')()) }}
{% endmacro %}


{% macro default__memory_in_gb() %}
    {{ return(4) }}
{% endmacro %}


{# DuckDB says "3.7 GiB". #}
{% macro duckdb__memory_in_gb() %}
    {% set number, unit = run_query("select current_setting('memory_limit')").columns[0][0].split() %}
    {% set exponent = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'].index(unit) %}
    {{ return((number | float) * 1024 ** exponent / 1e9) }}
{% endmacro %}


{% materialization bucketed, default %}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set new_relation = make_intermediate_relation(target_relation) -%}
    {%- set backup_relation = make_backup_relation(target_relation, 'table') -%}
    {% do drop_relation_if_exists(load_cached_relation(new_relation)) %}
    {% do drop_relation_if_exists(load_cached_relation(backup_relation)) %}

    {{ run_hooks(pre_hooks) }}

    {% for low, high in bucket_ranges(
        config.get('passes_of', 1), by_candidates=config.get('by_candidates', false)
    ) %}
        {% set pass_sql = sql | replace(
            'between 0 and 1023 /* bucket */', 'between ' ~ low ~ ' and ' ~ high
        ) %}
        {% if loop.first %}
            {% call statement('main') %}
                {{ get_create_table_as_sql(false, new_relation, pass_sql) }}
            {% endcall %}
        {% else %}
            {% call statement('pass_' ~ loop.index) %}
                {# By name: under a contract the table has the order of the YAML, not the query's. #}
                insert into {{ new_relation }} by name {{ pass_sql }}
            {% endcall %}
        {% endif %}
    {% endfor %}

    {% if existing_relation is not none %}
        {% do adapter.rename_relation(existing_relation, backup_relation) %}
    {% endif %}
    {% do adapter.rename_relation(new_relation, target_relation) %}
    {% do persist_docs(target_relation, model) %}

    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {% do drop_relation_if_exists(backup_relation) %}

    {{ return({'relations': [target_relation]}) }}

{% endmaterialization %}
