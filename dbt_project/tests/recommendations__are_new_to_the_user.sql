{# After scoring: nobody is recommended what they have, unless the var asks for it. #}
{{ config(enabled=var('exclude_reviewed')) }}

with

recommendations as (

    select * from {{ source('ranker', 'recommendations') }}

),

interactions as (

    select * from {{ ref('interactions') }}
    where {{ is_settled('kind') }}

),

known as (

    select
        recommendations.run_id,
        recommendations.user_id,
        recommendations.rank,
        recommendations.product_id

    from recommendations
    semi join interactions
        on recommendations.user_id = interactions.user_id
        and recommendations.product_id = interactions.product_id

)

select * from known
