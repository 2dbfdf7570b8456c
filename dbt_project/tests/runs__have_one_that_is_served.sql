{# After scoring: at most one run is current, and it was published. #}
with

current_runs as (

    select
        run_id,
        verdict,
        count(*) over () as run_count

    from {{ source('ranker', 'runs') }}
    where is_current

)

select * from current_runs
where run_count > 1
    or verdict != 'published'
