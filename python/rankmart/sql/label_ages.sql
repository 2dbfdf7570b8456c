-- One row per label, with how long the split had known the product at its cut-off.

with

labels as (

    select
        user_key,
        product_key

    from query_table($labels)

),

products as (

    select
        product_key,
        age_days

    from query_table($products)

),

aged as (

    select
        labels.user_key,
        labels.product_key,
        case
            when products.product_key is null then 'product: unseen'
            when products.age_days <= $new_days then 'product: new, up to 30 days'
            when products.age_days <= 365 then 'product: 31 to 365 days'
            else 'product: over a year'
        end as segment

    from labels
    left join products
        on labels.product_key = products.product_key

)

select * from aged
