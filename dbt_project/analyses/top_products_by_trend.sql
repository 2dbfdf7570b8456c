{# Which products are reviewed more than they were a month before? One row per product, a family
   of variants by its representative. dbt show -s top_products_by_trend --limit 20 #}
with

products as (

    select * from {{ ref('products') }}
    where product_id = family_id
        and review_count_30_days > 0

),

trending as (

    select
        product_id,
        title,
        brand,
        review_count_30_days,
        trend_ratio,
        review_count,
        rating_mean_shrunk,
        last_reviewed_at

    from products

)

select * from trending
order by trend_ratio desc, review_count_30_days desc, product_id asc
