{# Who was shown two variants, because shares changed meanwhile, counts for the first. #}
with

exposures as (

    select * from {{ ref('stg_exposures') }}

),

answers as (

    select
        experiment,
        user_id,
        variant,
        occurred_epoch,
        seq,
        row_number() over (
            partition by experiment, user_id
            order by occurred_epoch, seq, position
        ) as number_from_first

    from exposures

),

firsts as (

    select
        experiment,
        user_id,
        variant,
        occurred_epoch as first_exposed_epoch

    from answers
    where number_from_first = 1

)

select * from firsts
