-- One row per defect of labels that would count one wish twice or never.

with

labels as (

    select
        user_key,
        product_key

    from query_table($labels)

),

incomplete_rows as (

    select distinct 'a null column' as defect
    from labels
    where
        user_key is null
        or product_key is null

),

repeated_labels as (

    select concat('product_key ', product_key, ' twice for user_key ', user_key) as defect
    from labels
    group by
        user_key,
        product_key
    having count(*) > 1

),

defects as (

    select * from incomplete_rows
    union all
    select * from repeated_labels

)

select * from defects
order by defect
limit 3
