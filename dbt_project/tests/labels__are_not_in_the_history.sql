{# Leakage: the right answer must not be among what a split may see. #}
with

labels as (

    select * from {{ ref('labels') }}

),

histories as (

    select * from {{ ref('histories') }}

),

known as (

    select
        labels.split,
        labels.user_key,
        labels.product_key

    from labels
    semi join histories
        on labels.split = histories.split
        and labels.user_key = histories.user_key
        and labels.product_key = histories.product_key

)

select * from known
