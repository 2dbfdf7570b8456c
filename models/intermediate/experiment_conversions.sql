{# What users did because of an answer, as far as that can be told: an event on a product that was
   shown, or a variant of it, after it was shown; or an event that names the answer. Either way
   for so many days, so that who was shown something early has no longer time than others. #}
with

exposures as (

    select * from {{ ref('stg_exposures') }}

),

exposed_users as (

    select * from {{ ref('exposed_users') }}

),

events as (

    select * from {{ ref('stg_events') }}

),

families as (

    select
        product_id,
        family_id

    from {{ ref('product_families') }}

),

shown as (

    select
        exposures.experiment,
        exposures.variant,
        exposures.user_id,
        exposures.recommendation_id,
        coalesce(families.family_id, exposures.product_id) as family_id,
        exposures.occurred_epoch,
        exposures.occurred_epoch + {{ var('conversion_days') }} * 86400 as counts_until

    from exposures
    inner join exposed_users
        on exposures.experiment = exposed_users.experiment
        and exposures.user_id = exposed_users.user_id
        and exposures.variant = exposed_users.variant
    left join families
        on exposures.product_id = families.product_id

),

done as (

    select
        events.seq,
        events.user_id,
        events.kind,
        events.occurred_epoch,
        events.recommendation_id,
        coalesce(families.family_id, events.product_id) as family_id

    from events
    left join families
        on events.product_id = families.product_id

),

of_products as (

    select
        shown.experiment,
        shown.variant,
        done.user_id,
        done.kind,
        done.seq

    from done
    inner join shown
        on done.user_id = shown.user_id
        and done.family_id = shown.family_id
        and done.occurred_epoch >= shown.occurred_epoch
        and done.occurred_epoch <= shown.counts_until

),

{# The client's clock may be slow: it is enough that the event names an answer of this user. #}
of_answers as (

    select
        shown.experiment,
        shown.variant,
        done.user_id,
        done.kind,
        done.seq

    from done
    inner join shown
        on done.user_id = shown.user_id
        and done.recommendation_id = shown.recommendation_id
        and done.occurred_epoch <= shown.counts_until

),

of_either as (

    select * from of_products

    union

    select * from of_answers

),

conversions as (

    select
        experiment,
        user_id,
        kind,
        variant,
        count(*) as event_count

    from of_either
    group by experiment, user_id, kind, variant

)

select * from conversions
