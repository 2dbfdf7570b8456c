{# The API gives unknown users to variants by the same hash; here are those with a review. #}
with

users as (

    select * from {{ ref('users') }}

),

variants as (

    select * from {{ ref('experiment_variants') }}

),

salts as (

    select distinct
        experiment,
        salt

    from variants

),

numbered as (

    select
        salts.experiment,
        users.user_id,
        {{ slot_of('salts.salt', 'users.user_id') }} as slot

    from users
    cross join salts

),

drawn as (

    select
        numbered.experiment,
        numbered.user_id,
        variants.variant,
        numbered.slot

    from numbered
    inner join variants
        on numbered.experiment = variants.experiment
        and numbered.slot >= variants.first_slot
        and numbered.slot < variants.end_slot

)

select * from drawn
