{# What changed since the run before? One row per figure of the run that is served, beside that of
   the one published before it. Where `may_be_chance` is true, the two intervals overlap. For
   product by product, `make report` compares the lists.
   dbt show -s what_changed_since_the_run_before --limit 50 #}
{% set counts = ['user_count', 'product_count', 'interaction_count', 'recommendation_count'] %}
with

runs as (

    select * from {{ source('ranker', 'runs') }}
    where verdict = 'published'

),

evaluation as (

    select * from {{ source('ranker', 'evaluation') }}
    where segment = 'all'
        and k = 10

),

run_now as (

    select * from runs
    where is_current

),

compared_runs as (

    select
        'now' as which,
        run_now.*

    from run_now

    union all

    select
        'before' as which,
        run_before.*

    from (
        select runs.*
        from runs
        inner join run_now
            on runs.run_id != run_now.run_id
            and runs.created_at < run_now.created_at
        order by runs.created_at desc, runs.run_id asc
        limit 1
    ) as run_before

),

figures as (

    {% for name in counts + ['candidate_recall'] %}
    select
        which,
        run_id,
        '{{ name }}' as figure,
        cast({{ name }} as double) as amount,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high

    from compared_runs

    union all

    {% endfor %}
    select
        compared_runs.which,
        compared_runs.run_id,
        concat(evaluation.metric, '@10') as figure,
        evaluation.value as amount,
        evaluation.ci_low,
        evaluation.ci_high

    from compared_runs
    inner join evaluation
        on compared_runs.run_id = evaluation.run_id
        and compared_runs.model = evaluation.model

),

compared as (

    select
        of_now.figure,
        of_before.amount as value_before,
        of_now.amount as value_now,
        of_now.amount - of_before.amount as change_of_value,
        of_now.ci_low <= of_before.ci_high and of_before.ci_low <= of_now.ci_high
            as may_be_chance,
        of_before.run_id as run_before,
        of_now.run_id as run_now

    from figures as of_now
    left join figures as of_before
        on of_now.figure = of_before.figure
        and of_before.which = 'before'
    where of_now.which = 'now'

)

select * from compared
order by figure
