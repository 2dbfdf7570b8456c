with

families as (

    select * from {{ ref('product_families') }}

),

catalog as (

    select * from {{ ref('stg_products') }}

),

variants as (

    select
        families.family_id,
        families.product_id,
        families.product_id = families.family_id as is_representative,
        families.family_size,
        catalog.title

    from families
    left join catalog
        on families.product_id = catalog.product_id
    where families.family_size > 1

)

select * from variants
