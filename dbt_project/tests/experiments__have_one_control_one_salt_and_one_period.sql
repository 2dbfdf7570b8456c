{# Without a control there is nothing to compare with; with two salts, or two periods, the users
   of one variant would not be drawn from those of another. #}
with

experiments as (

    select * from {{ ref('experiments') }}

),

counted as (

    select
        experiment,
        sum(case when variant = 'control' then 1 else 0 end) as controls,
        count(distinct salt) as salts,
        count(distinct starts_on) as first_days,
        count(distinct coalesce(cast(ends_on as string), '')) as last_days,
        sum(case when starts_on > ends_on then 1 else 0 end) as wrong_way_round

    from experiments
    group by experiment

),

unsound as (

    select * from counted
    where controls != 1
        or salts != 1
        or first_days != 1
        or last_days != 1
        or wrong_way_round > 0

)

select * from unsound
