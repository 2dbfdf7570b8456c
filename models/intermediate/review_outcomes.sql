{# Every record of the file in exactly one outcome. The text stays in staging: it is large. #}
with

reviews as (

    select * from {{ ref('stg_reviews') }}

),

identified as (

    select
        row_number() over (order by source_file, source_line) as review_id,
        source_file,
        source_line,
        user_id,
        product_id,
        rating,
        reviewed_epoch,
        helpful_votes,
        total_votes,
        is_verified,
        reject_reason,
        md5(concat_ws('|', coalesce(title, ''), coalesce(body, ''))) as text_hash,
        cast(length(coalesce(body, title, '')) as int) as text_length

    from reviews

),

{# Two records that say the same in every respect are one review. #}
compared as (

    select
        *,
        min(review_id) over (
            partition by
                user_id, product_id, reviewed_epoch, rating, text_hash, reject_reason
        ) as first_review_id

    from identified

),

outcomes as (

    select
        cast(review_id as bigint) as review_id,
        source_file,
        source_line,
        case
            when reject_reason is not null then 'rejected'
            when review_id != first_review_id then 'duplicate'
            else 'accepted'
        end as outcome,
        reject_reason,
        case
            when reject_reason is null and review_id != first_review_id
                then cast(first_review_id as bigint)
        end as kept_review_id,
        user_id,
        product_id,
        rating,
        reviewed_epoch,
        helpful_votes,
        total_votes,
        is_verified,
        text_hash,
        text_length

    from compared

)

select * from outcomes
