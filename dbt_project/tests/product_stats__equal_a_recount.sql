{# Leakage, and arithmetic: the statistics of a split come out the same when they are counted anew
   from its history alone, by window functions instead of groups. #}
{{ config(group='features') }}
with

histories as (

    select * from {{ ref('split_interactions') }}
    where role = 'history'

),

product_stats as (

    select * from {{ ref('product_stats') }}

),

recounted as (

    select distinct
        split,
        product_key,
        count(*) over product as interaction_count,
        sum(case when is_positive then 1 else 0 end) over product as positive_count,
        min(reviewed_epoch) over product as first_epoch,
        max(reviewed_epoch) over product as last_epoch,
        max(reviewed_epoch) over everything as as_of,
        (
            coalesce(sum(cast(rating as double)) over product, 0)
            + 10 * avg(cast(rating as double)) over everything
        ) / (count(rating) over product + 10) as rating_mean_shrunk

    from histories
    window
        product as (partition by split, product_key),
        everything as (partition by split)

),

compared as (

    select
        coalesce(product_stats.split, recounted.split) as split,
        coalesce(product_stats.product_key, recounted.product_key) as product_key,
        product_stats.interaction_count = recounted.interaction_count
        and product_stats.positive_count = recounted.positive_count
        and product_stats.first_epoch = recounted.first_epoch
        and product_stats.last_epoch = recounted.last_epoch
        and product_stats.as_of = recounted.as_of
        and abs(
            coalesce(product_stats.rating_mean_shrunk, 0)
            - coalesce(recounted.rating_mean_shrunk, 0)
        ) < 1e-6 as is_equal

    from product_stats
    full outer join recounted
        on product_stats.split = recounted.split
        and product_stats.product_key = recounted.product_key

)

select * from compared
where is_equal is not true
