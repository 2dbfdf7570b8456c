{{ config(post_hook="{{ check_keys(this, 'product_key', bits=24) }}") }}

{# Every product that may be recommended, under one number. What nobody has reviewed yet comes
   from the products file, after the others: only its text speaks for it. #}
with

reviewed as (

    select
        product_key,
        product_id

    from {{ ref('interactions') }}
    group by product_key, product_id

),

families as (

    select * from {{ ref('product_families') }}

),

catalog as (

    select * from {{ ref('stg_products') }}

),

last_key as (

    select coalesce(max(product_key), 0) as product_key
    from reviewed

),

{# Those of which most is known; the order of md5 is as good as chance, and the same each run. #}
unreviewed as (

    select
        catalog.product_id,
        row_number() over (
            order by
                case when catalog.title is not null then 1 else 0 end
                + case when catalog.brand is not null then 1 else 0 end
                + case when catalog.categories is not null then 1 else 0 end desc,
                md5(catalog.product_id),
                catalog.product_id
        ) as draw

    from catalog
    left join families
        on catalog.product_id = families.product_id
    where families.product_id is null
        and coalesce(catalog.title, catalog.brand, catalog.categories) is not null

),

numbered as (

    select
        product_id,
        row_number() over (order by product_id) as number

    from unreviewed
    where draw <= {{ var('new_products_at_most') }}

),

product_keys as (

    select
        product_key,
        product_id,
        true as is_reviewed

    from reviewed

    union all

    select
        cast(last_key.product_key + numbered.number as int) as product_key,
        numbered.product_id,
        false as is_reviewed

    from numbered
    cross join last_key

)

select * from product_keys
