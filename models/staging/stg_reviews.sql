{# A view over raw.reviews: nothing is stored twice. #}
with

raw_reviews as (

    select * from {{ source('raw', 'reviews') }}

),

files as (

    select
        source_file,
        has_rating

    from {{ source('raw', 'files') }}
    where dataset = 'reviews'

),

trimmed as (

    select
        raw_reviews.source_file,
        raw_reviews.source_line,
        files.has_rating,
        nullif(trim({{ one_line('raw_reviews.user_id') }}), '') as user_id,
        nullif(trim({{ one_line('raw_reviews.product_id') }}), '') as product_id,
        nullif(trim(replace(raw_reviews.rating, ',', '.')), '') as rating_text,
        nullif(trim(raw_reviews.reviewed_at), '') as time_text,
        raw_reviews.title,
        raw_reviews.body,
        replace(raw_reviews.helpful_votes, ',', '') as helpful_votes_text,
        replace(raw_reviews.total_votes, ',', '') as total_votes_text,
        lower(trim(raw_reviews.verified)) as verified_text

    from raw_reviews
    inner join files
        on raw_reviews.source_file = files.source_file

),

numbers as (

    select
        *,
        try_cast(rating_text as double) as rating,
        try_cast(time_text as double) as time_number,
        {{ epoch_of_text('time_text') }} as time_as_date,
        try_cast(floor(try_cast(helpful_votes_text as double)) as int) as helpful_votes,
        try_cast(floor(try_cast(total_votes_text as double)) as int) as total_votes

    from trimmed

),

{# Seconds up to the year 5138, else milli-, micro- or nanoseconds. #}
timed as (

    select
        *,
        coalesce(
            try_cast(
                floor(case
                    when abs(time_number) < 1e11 then time_number
                    when abs(time_number) < 1e14 then time_number / 1e3
                    when abs(time_number) < 1e17 then time_number / 1e6
                    else time_number / 1e9
                end) as bigint
            ),
            time_as_date
        ) as reviewed_epoch

    from numbers

),

judged as (

    select
        *,
        case
            when user_id is null then 'empty user id'
            when product_id is null then 'empty product id'
            when length(user_id) > 256 then 'user id longer than 256 characters'
            when length(product_id) > 256 then 'product id longer than 256 characters'
            when has_rating and rating_text is null then 'empty rating'
            when has_rating and rating is null then 'rating is not a number'
            when has_rating and not (rating >= 1 and rating <= 5) then 'rating outside 1 to 5'
            when time_text is null then 'empty time'
            when reviewed_epoch is null then 'time is not a number or date'
            when reviewed_epoch < {{ epoch_of_year(var('first_year')) }}
                then 'time before {{ var("first_year") }}'
            when reviewed_epoch > {{ epoch_now() }} + 86400 then 'time in the future'
        end as reject_reason

    from timed

),

typed as (

    select
        source_file,
        source_line,
        user_id,
        product_id,
        cast(case when has_rating then rating end as float) as rating,
        reviewed_epoch,
        title,
        body,
        {# More helpful votes than votes can't be: neither number is believed. #}
        case
            when total_votes is null or helpful_votes <= total_votes then helpful_votes
        end as helpful_votes,
        case when helpful_votes <= total_votes then total_votes end as total_votes,
        case
            when verified_text in ('true', 't', '1', 'yes', 'y') then true
            when verified_text in ('false', 'f', '0', 'no', 'n') then false
        end as is_verified,
        rating_text,
        time_text,
        reject_reason

    from judged

)

select * from typed
