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

given as (

    select
        user_id,
        product_id,
        review_id,
        reviewed_epoch as rated_epoch,
        rating,
        true as is_review

    from reviews

    union all

    select
        user_id,
        product_id,
        {{ review_id_of_event('seq') }} as review_id,
        occurred_epoch as rated_epoch,
        rating,
        false as is_review

    from events

),

{# Of events, a pair with a review takes no rating, and a dismissal has none. #}
later_ratings as (

    select
        interactions.user_key,
        interactions.product_key,
        given.review_id,
        given.rated_epoch,
        given.rating

    from given
    inner join families
        on given.product_id = families.product_id
    inner join interactions
        on given.user_id = interactions.user_id
        and families.family_id = interactions.product_id
    where (given.is_review or interactions.kind not in ('review', 'dismiss'))
        and (
            given.rated_epoch > interactions.reviewed_epoch
            or (
                given.rated_epoch = interactions.reviewed_epoch
                and given.review_id > interactions.review_id
            )
        )

)

select * from later_ratings
