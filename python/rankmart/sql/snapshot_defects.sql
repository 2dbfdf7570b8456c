-- One row per defect that a run must not be published with; nothing for a sound run.

with

runs as (

    select
        run_id,
        verdict

    from ranker.runs
    where run_id = $run_id

),

recommendations as (

    select
        'recommendations' as list,
        score

    from ranker.recommendations
    where run_id = $run_id

),

fallback as (

    select
        'fallback_recommendations' as list,
        score

    from ranker.fallback_recommendations
    where run_id = $run_id

),

run_count as (

    select concat(count(*), ' rows in ranker.runs') as defect
    from runs
    having count(*) <> 1

),

refused as (

    select concat('its verdict is ', coalesce(verdict, 'not set')) as defect
    from runs
    where verdict is distinct from 'published'

),

no_recommendations as (

    select 'no recommendations' as defect
    from recommendations
    having count(*) = 0

),

no_fallback as (

    select 'no fallback recommendations' as defect
    from fallback
    having count(*) = 0

),

scores as (

    select * from recommendations
    union all
    select * from fallback

),

-- JSON has no word for them, so that no client could read such a list.
unwritable_scores as (

    select distinct concat('a score in ', list, ' is not a finite number') as defect
    from scores
    where not coalesce(isfinite(score), false)

),

defects as (

    select * from run_count
    union all
    select * from refused
    union all
    select * from no_recommendations
    union all
    select * from no_fallback
    union all
    select * from unwritable_scores

)

select * from defects
order by defect
