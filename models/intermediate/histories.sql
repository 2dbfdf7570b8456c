{{ config(materialized='bucketed', passes_of=3) }}

{# In passes so that users of near buckets lie together: every later pass reads its own alone. #}
with

split_interactions as (

    select * from {{ ref('split_interactions') }}
    where role = 'history'
        and {{ in_bucket('user_bucket') }}

),

numbered_from_last as (

    select
        split,
        {{ list_key('split', 'user_key') }} as list_key,
        user_key,
        product_key,
        user_bucket,
        reviewed_epoch,
        position,
        cast(row_number() over (
            partition by split, user_key
            order by position desc
        ) as int) as recency,
        rating,
        is_positive,
        cast(case
            when is_positive then coalesce(strength, 1)
            else {{ var('negative_weight') }}
        end as float) as weight,
        text_length,
        helpful_votes,
        total_votes,
        is_verified,
        review_id,
        {{ is_settled('kind') }} as is_settled

    from split_interactions

)

select * from numbered_from_last
