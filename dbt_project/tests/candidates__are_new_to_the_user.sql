{# Nothing is proposed that the user already has, unless the var asks for it. #}
{{ config(enabled=var('exclude_reviewed')) }}

with

candidates as (

    select
        split,
        user_key,
        product_key

    from {{ ref('candidates') }}

),

histories as (

    select * from {{ ref('histories') }}
    where is_settled

),

known as (

    select
        candidates.split,
        candidates.user_key,
        candidates.product_key

    from candidates
    semi join histories
        on candidates.split = histories.split
        and candidates.user_key = histories.user_key
        and candidates.product_key = histories.product_key

)

select * from known
