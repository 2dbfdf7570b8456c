{{ config(post_hook="{{ check_keys(this, 'user_key', bits=28) }}") }}

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

events as (

    select * from {{ ref('event_interactions') }}

),

{# A review tells more than any event, so a pair that has one keeps it. #}
pairs as (

    select
        user_id,
        product_id,
        reviewed_epoch,
        review_id,
        rating,
        rated_epoch,
        first_rating,
        text_length,
        helpful_votes,
        total_votes,
        is_verified,
        'review' as kind,
        cast(1 as float) as strength

    from first_and_last

    union all

    select
        events.user_id,
        events.product_id,
        events.occurred_epoch as reviewed_epoch,
        events.review_id,
        events.rating,
        events.rated_epoch,
        events.first_rating,
        0 as text_length,
        0 as helpful_votes,
        0 as total_votes,
        false as is_verified,
        events.kind,
        events.strength

    from events
    anti join first_and_last
        on events.user_id = first_and_last.user_id
        and events.product_id = first_and_last.product_id

),

{# Keys follow the order of appearance, so that later reviews leave them as they are. #}
user_keys as (

    select
        user_id,
        row_number() over (order by min(reviewed_epoch), min(review_id)) as user_key

    from pairs
    group by user_id

),

product_keys as (

    select
        product_id,
        row_number() over (order by min(reviewed_epoch), min(review_id)) as product_key

    from pairs
    group by product_id

),

final as (

    select
        cast(user_keys.user_key as int) as user_key,
        cast(product_keys.product_key as int) as product_key,
        pairs.user_id,
        pairs.product_id,
        {{ to_timestamp_of('pairs.reviewed_epoch') }} as reviewed_at,
        pairs.reviewed_epoch,
        pairs.rating,
        pairs.rated_epoch,
        pairs.first_rating,
        {{ is_wish('pairs.kind', 'pairs.rating') }} as is_positive,
        cast(row_number() over (
            partition by pairs.user_id
            order by {{ order_of_history('pairs') }}
        ) as int) as position,
        {{ bucket_of('pairs.user_id') }} as user_bucket,
        pairs.review_id,
        pairs.text_length,
        pairs.helpful_votes,
        pairs.total_votes,
        pairs.is_verified,
        pairs.kind,
        pairs.strength

    from pairs
    inner join user_keys
        on pairs.user_id = user_keys.user_id
    inner join product_keys
        on pairs.product_id = product_keys.product_id

)

select * from final
