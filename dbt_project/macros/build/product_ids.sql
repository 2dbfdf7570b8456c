{# The id behind each product key: CTE `product_ids`. A key stands for a family of variants. #}
{% macro product_ids() -%}
    product_ids as (

        select
            product_key,
            product_id

        from {{ ref('product_keys') }}

    )
{%- endmacro %}
