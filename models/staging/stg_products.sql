with

raw_products as (

    select * from {{ source('raw', 'products') }}

),

trimmed as (

    select
        source_file,
        source_line,
        nullif(trim(product_id), '') as product_id,
        {{ plain_text('title') }} as title,
        {{ plain_text('brand') }} as brand,
        {{ plain_text('categories') }} as categories,
        nullif(try_cast({{ regexp_replace_all('price', '[^0-9.]', '') }} as double), 0) as price

    from raw_products

),

{# The same product twice: the line that comes last tells the present. #}
numbered as (

    select
        *,
        row_number() over (
            partition by product_id
            order by source_file desc, source_line desc
        ) as line_from_last

    from trimmed
    where product_id is not null

),

latest as (

    select
        product_id,
        title,
        nullif(nullif(brand, 'Unknown'), 'unknown') as brand,
        categories,
        price

    from numbered
    where line_from_last = 1

)

select * from latest
