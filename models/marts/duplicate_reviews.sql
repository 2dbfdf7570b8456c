with

duplicates as (

    select * from {{ ref('review_outcomes') }}
    where outcome = 'duplicate'

),

kept as (

    select
        review_id,
        source_file,
        source_line

    from {{ ref('review_outcomes') }}
    where outcome = 'accepted'

),

pointed as (

    select
        duplicates.review_id,
        duplicates.source_file,
        duplicates.source_line,
        duplicates.user_id,
        duplicates.product_id,
        duplicates.kept_review_id,
        kept.source_file as kept_source_file,
        kept.source_line as kept_source_line

    from duplicates
    inner join kept
        on duplicates.kept_review_id = kept.review_id

)

select * from pointed
