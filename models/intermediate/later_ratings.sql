{# What users came to think of a product when they reviewed it again, or rated it after the event
   that counts, so that a split can know the last rating given by its cut-off and none that came later. #}
with

reviews as (

    select * from {{ ref('review_outcomes') }}
    where outcome = 'accepted'

),

families as (

    select * from {{ ref('product_families') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

events as (

    select * from {{ ref('stg_events') }}
    where kind = 'rating'

),

later_reviews as (

    select
        interactions.user_key,
        interactions.product_key,
        reviews.review_id,
        reviews.reviewed_epoch as rated_epoch,
        reviews.rating

    from reviews
    inner join families
        on reviews.product_id = families.product_id
    inner join interactions
        on reviews.user_id = interactions.user_id
        and families.family_id = interactions.product_id
    where reviews.reviewed_epoch > interactions.reviewed_epoch
        or (
            reviews.reviewed_epoch = interactions.reviewed_epoch
            and reviews.review_id > interactions.review_id
        )

),

{# A pair with a review keeps its rating, and a dismissal has none. #}
later_events as (

    select
        interactions.user_key,
        interactions.product_key,
        {{ review_id_of_event('events.seq') }} as review_id,
        events.occurred_epoch as rated_epoch,
        events.rating

    from events
    inner join families
        on events.product_id = families.product_id
    inner join interactions
        on events.user_id = interactions.user_id
        and families.family_id = interactions.product_id
    where interactions.kind not in ('review', 'dismiss')
        and (
            events.occurred_epoch > interactions.reviewed_epoch
            or (
                events.occurred_epoch = interactions.reviewed_epoch
                and {{ review_id_of_event('events.seq') }} > interactions.review_id
            )
        )

),

later_ratings as (

    select * from later_reviews
    union all
    select * from later_events

)

select * from later_ratings
