{# A variant has the users with a range of the ten thousand numbers that `slot_of` gives. The
   ranges follow one another by the variants' names; `rankmart.experiments` makes the same. #}
with

experiments as (

    select * from {{ ref('experiments') }}

),

sized as (

    select
        *,
        cast(round(share * 10000) as int) as slot_count

    from experiments

),

ranged as (

    select
        *,
        cast(sum(slot_count) over (
            partition by experiment
            order by variant
            rows between unbounded preceding and current row
        ) as int) as end_slot

    from sized

),

variants as (

    select
        experiment,
        variant,
        variant = 'control' as is_control,
        list,
        salt,
        cast(end_slot - slot_count as int) as first_slot,
        end_slot

    from ranged

)

select * from variants
