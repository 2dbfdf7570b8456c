{# Variants share ten thousand numbers among them: a share has to be a whole number of those, and
   all together may not be more than there are. #}
with

experiments as (

    select * from {{ ref('experiments') }}

),

shared as (

    select
        experiment,
        sum(share) as total,
        min(share) as smallest,
        max(abs(share * 10000 - round(share * 10000))) as left_over

    from experiments
    group by experiment

),

unsound as (

    select * from shared
    where coalesce(total, 2) > 1.000001
        or coalesce(smallest, 0) <= 0
        or coalesce(left_over, 1) > 0.000001

)

select * from unsound
