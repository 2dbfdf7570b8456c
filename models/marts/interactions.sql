with

reviews as (

    select * from {{ ref('review_outcomes') }}
    where outcome = 'accepted'

),

families as (

    select * from {{ ref('product_families') }}

),

{# Variants of one product are one thing to recommend. The shop's copies of one review to the
   other variants come at the same time, so the first line stands for all. #}
numbered as (

    select
        reviews.*,
        families.family_id,
        row_number() over (
            partition by reviews.user_id, families.family_id
            order by reviews.reviewed_epoch, reviews.review_id
        ) as number_from_first,
        row_number() over (
            partition by reviews.user_id, families.family_id
            order by reviews.reviewed_epoch desc, reviews.review_id desc
        ) as number_from_last

    from reviews
    inner join families
        on reviews.product_id = families.product_id

),

first_and_last as (

    select
        first_review.user_id,
        first_review.family_id as product_id,
        first_review.reviewed_epoch,
        first_review.review_id,
        last_review.rating,
        last_review.reviewed_epoch as rated_epoch,
        first_review.rating as first_rating,
        first_review.text_length,
        first_review.helpful_votes,
        first_review.total_votes,
        first_review.is_verified

    from numbered as first_review
    inner join numbered as last_review
        on first_review.user_id = last_review.user_id
        and first_review.family_id = last_review.family_id
        and last_review.number_from_last = 1
    where first_review.number_from_first = 1

),

{# Keys follow the order of appearance, so that later reviews leave them as they are. #}
user_keys as (

    select
        user_id,
        row_number() over (order by min(reviewed_epoch), min(review_id)) as user_key

    from first_and_last
    group by user_id

),

product_keys as (

    select
        product_id,
        row_number() over (order by min(reviewed_epoch), min(review_id)) as product_key

    from first_and_last
    group by product_id

),

final as (

    select
        cast(user_keys.user_key as int) as user_key,
        cast(product_keys.product_key as int) as product_key,
        first_and_last.user_id,
        first_and_last.product_id,
        {{ to_timestamp_of('first_and_last.reviewed_epoch') }} as reviewed_at,
        first_and_last.reviewed_epoch,
        first_and_last.rating,
        first_and_last.rated_epoch,
        first_and_last.first_rating,
        {{ is_positive('first_and_last.rating') }} as is_positive,
        cast(row_number() over (
            partition by first_and_last.user_id
            order by {{ order_of_history('first_and_last') }}
        ) as int) as position,
        {{ bucket_of('first_and_last.user_id') }} as user_bucket,
        first_and_last.review_id,
        first_and_last.text_length,
        first_and_last.helpful_votes,
        first_and_last.total_votes,
        first_and_last.is_verified

    from first_and_last
    inner join user_keys
        on first_and_last.user_id = user_keys.user_id
    inner join product_keys
        on first_and_last.product_id = product_keys.product_id

)

select * from final
