{# What is published learns from everything. #}
with

interactions as (

    select * from {{ ref('interactions') }}

),

served as (

    select * from {{ ref('histories') }}
    where split = 'serve'

),

unseen as (

    select
        interactions.user_key,
        interactions.product_key

    from interactions
    anti join served
        on interactions.user_key = served.user_key
        and interactions.product_key = served.product_key

)

select * from unseen
