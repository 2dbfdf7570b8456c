with

interactions as (

    select * from {{ ref('interactions') }}

),

reviews as (

    select
        user_id,
        count(*) as review_count

    from {{ ref('reviews') }}
    group by user_id

),

counted as (

    select
        user_key,
        user_id,
        user_bucket,
        count(*) as product_count,
        cast(count_if(is_positive) as bigint) as positive_count,
        {{ exact_sum('rating') }} / nullif(count(rating), 0) as rating_mean,
        min(reviewed_at) as first_reviewed_at,
        max(reviewed_at) as last_reviewed_at

    from interactions
    group by user_key, user_id, user_bucket

),

users as (

    select
        counted.user_key,
        counted.user_id,
        counted.user_bucket,
        coalesce(reviews.review_count, 0) as review_count,
        counted.product_count,
        counted.positive_count,
        counted.rating_mean,
        counted.first_reviewed_at,
        counted.last_reviewed_at

    from counted
    left join reviews
        on counted.user_id = reviews.user_id

)

select * from users
