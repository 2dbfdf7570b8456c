with

raw_products as (

    select * from {{ source('raw', 'products') }}

),

trimmed as (

    select
        source_file,
        source_line,
        nullif(trim({{ one_line('product_id') }}), '') as product_id,
        {{ plain_text('title') }} as title,
        {{ plain_text('brand') }} as brand,
        {{ plain_text('categories') }} as categories,
        {{ regexp_replace_all('price', '[^0-9.,]', '') }} as price_text

    from raw_products

),

{# 1,299.00 and 1.299,00 are one price: a comma before the last two digits is a decimal one. #}
priced as (

    select
        *,
        nullif(try_cast(case
            when substring(price_text, length(price_text) - 2, 1) = ','
                then replace(replace(price_text, '.', ''), ',', '.')
            else replace(price_text, ',', '')
        end as double), 0) as price

    from trimmed

),

{# The same product twice: the line that comes last tells the present. #}
numbered as (

    select
        *,
        row_number() over (
            partition by product_id
            order by source_file desc, source_line desc
        ) as line_from_last

    from priced
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
