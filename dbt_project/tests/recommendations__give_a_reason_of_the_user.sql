{# After scoring: what is recommended because of a product is so because of one the user has. #}
with

recommendations as (

    select * from {{ source('ranker', 'recommendations') }}
    where reason_type = 'because_of'

),

interactions as (

    select * from {{ ref('interactions') }}

),

unexplained as (

    select
        recommendations.run_id,
        recommendations.user_id,
        recommendations.rank,
        recommendations.product_id,
        recommendations.because_of_product_id

    from recommendations
    anti join interactions
        on recommendations.user_id = interactions.user_id
        and recommendations.because_of_product_id = interactions.product_id

)

select * from unexplained
