{# After scoring: no list has two variants of one product, nor a variant of what the user has. The
   families are those of `products` and `reviews`, which keep every id. #}
with

recommendations as (

    select
        user_id,
        product_id

    from {{ source('ranker', 'recommendations') }}

    union all

    select
        cast(null as string) as user_id,
        product_id

    from {{ source('ranker', 'fallback_recommendations') }}

),

products as (

    select * from {{ ref('products') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

listed as (

    select
        recommendations.user_id,
        products.family_id

    from recommendations
    inner join products
        on recommendations.product_id = products.product_id

),

repeated as (

    select
        user_id,
        family_id

    from listed
    group by user_id, family_id
    having count(*) > 1

),

known as (

    select distinct
        listed.user_id,
        listed.family_id

    from listed
    inner join reviews
        on listed.user_id = reviews.user_id
        and listed.family_id = reviews.family_id
    where {{ var('exclude_reviewed') | lower }}

),

variants as (

    select * from repeated
    union all
    select * from known

)

select * from variants
