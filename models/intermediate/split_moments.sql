{# What all of a split's history has in common. By itself, since `product_stats` is made in passes:
   each would read every history once more for it. #}
with

histories as (

    select * from {{ ref('histories') }}

),

moments as (

    select
        split,
        max(reviewed_epoch) as as_of,
        {{ exact_sum('rating') }} / nullif(count(rating), 0) as mean_rating

    from histories
    group by split

)

select * from moments
