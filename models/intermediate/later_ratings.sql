{# What users came to think of a product when they reviewed it again, so that a split can know
   the last rating given by its cut-off and none that came later. #}
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

later_ratings as (

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

)

select * from later_ratings
