with

outcomes as (

    select * from {{ ref('review_outcomes') }}
    where outcome = 'accepted'

),

texts as (

    select
        source_file,
        source_line,
        title,
        body

    from {{ ref('stg_reviews') }}

),

families as (

    select * from {{ ref('product_families') }}

),

reviews as (

    select
        outcomes.review_id,
        outcomes.user_id,
        outcomes.product_id,
        families.family_id,
        outcomes.rating,
        {{ to_timestamp_of('outcomes.reviewed_epoch') }} as reviewed_at,
        {{ plain_text('texts.title') }} as title,
        {{ plain_text('texts.body') }} as body,
        outcomes.helpful_votes,
        outcomes.total_votes,
        outcomes.is_verified,
        outcomes.source_file,
        outcomes.source_line

    from outcomes
    inner join texts
        on outcomes.source_file = texts.source_file
        and outcomes.source_line = texts.source_line
    inner join families
        on outcomes.product_id = families.product_id

)

select * from reviews
