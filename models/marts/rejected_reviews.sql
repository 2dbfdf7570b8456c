with

outcomes as (

    select * from {{ ref('review_outcomes') }}
    where outcome = 'rejected'

),

staged as (

    select
        source_file,
        source_line,
        user_id,
        product_id,
        rating_text,
        time_text

    from {{ ref('stg_reviews') }}

),

malformed_lines as (

    select * from {{ source('raw', 'malformed_lines') }}
    where dataset = 'reviews'

),

judged as (

    select
        outcomes.source_file,
        outcomes.source_line,
        outcomes.reject_reason as reason,
        staged.user_id,
        staged.product_id,
        staged.rating_text as rating,
        staged.time_text as reviewed_at,
        cast(null as string) as raw_line

    from outcomes
    inner join staged
        on outcomes.source_file = staged.source_file
        and outcomes.source_line = staged.source_line

),

malformed as (

    select
        source_file,
        source_line,
        concat('malformed line: ', reason) as reason,
        cast(null as string) as user_id,
        cast(null as string) as product_id,
        cast(null as string) as rating,
        cast(null as string) as reviewed_at,
        raw_line

    from malformed_lines

),

rejected as (

    select * from judged
    union all
    select * from malformed

)

select * from rejected
