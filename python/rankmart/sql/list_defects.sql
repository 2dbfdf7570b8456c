-- One row per defect of ranked lists that would count a hit twice or not at all.

with

lists as (

    select
        model,
        user_key,
        product_key,
        rank

    from query_table($lists)

),

incomplete_rows as (

    select distinct 'a null column' as defect
    from lists
    where
        model is null
        or user_key is null
        or product_key is null
        or rank is null

),

ranks_below_one as (

    select concat('rank ', rank, ' for user_key ', user_key, ' of model ', model) as defect
    from lists
    where rank < 1

),

repeated_ranks as (

    select concat('rank ', rank, ' twice for user_key ', user_key, ' of model ', model) as defect
    from lists
    group by
        model,
        user_key,
        rank
    having count(*) > 1

),

repeated_products as (

    select
        concat(
            'product_key ', product_key, ' twice for user_key ', user_key, ' of model ', model
        ) as defect

    from lists
    group by
        model,
        user_key,
        product_key
    having count(*) > 1

),

defects as (

    select * from incomplete_rows
    union all
    select * from ranks_below_one
    union all
    select * from repeated_ranks
    union all
    select * from repeated_products

)

select * from defects
order by defect
limit 3
