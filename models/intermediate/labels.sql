with

split_interactions as (

    select * from {{ ref('split_interactions') }}
    where role = 'label'

),

labels as (

    select
        split,
        {{ list_key('split', 'user_key') }} as list_key,
        user_key,
        product_key,
        user_bucket

    from split_interactions

)

select * from labels
