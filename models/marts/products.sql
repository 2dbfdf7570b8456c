with

reviews as (

    select * from {{ ref('reviews') }}

),

catalog as (

    select * from {{ ref('stg_products') }}

),

families as (

    select * from {{ ref('product_families') }}

),

{{ product_ids() }},

terms as (

    select
        product_key,
        {{ joined_in_order('term', 'term_rank') }} as terms

    from {{ ref('product_terms') }}
    where split = 'serve'
    group by product_key

),

moment as (

    select
        max(reviewed_at) as as_of,
        {{ exact_sum('rating') }} / nullif(count(rating), 0) as mean_rating

    from reviews

),

{# A share of stars, not its count, so that products of different size compare. #}
counted as (

    select
        reviews.product_id,
        count(*) as review_count,
        count(distinct reviews.user_id) as user_count,
        count(reviews.rating) as rating_count,
        {{ exact_sum('reviews.rating') }} as rating_sum,
        count_if(reviews.rating < 1.5) as one_star_count,
        count_if(reviews.rating >= 1.5 and reviews.rating < 2.5) as two_star_count,
        count_if(reviews.rating >= 2.5 and reviews.rating < 3.5) as three_star_count,
        count_if(reviews.rating >= 3.5 and reviews.rating < 4.5) as four_star_count,
        count_if(reviews.rating >= 4.5) as five_star_count,
        count_if(reviews.reviewed_at > moment.as_of - interval '30' day)
            as review_count_30_days,
        count_if(
            reviews.reviewed_at > moment.as_of - interval '60' day
            and reviews.reviewed_at <= moment.as_of - interval '30' day
        ) as review_count_30_days_before,
        min(reviews.reviewed_at) as first_reviewed_at,
        max(reviews.reviewed_at) as last_reviewed_at,
        max(moment.mean_rating) as mean_rating

    from reviews
    cross join moment
    group by reviews.product_id

),

products as (

    select
        product_ids.product_key,
        coalesce(counted.product_id, catalog.product_id) as product_id,
        coalesce(families.family_id, catalog.product_id) as family_id,
        coalesce(families.family_size, 1) as family_size,
        catalog.title,
        catalog.brand,
        catalog.categories,
        {{ last_part_of('catalog.categories') }} as category,
        catalog.price,
        terms.terms,
        coalesce(counted.review_count, 0) as review_count,
        coalesce(counted.user_count, 0) as user_count,
        counted.rating_sum / nullif(counted.rating_count, 0) as rating_mean,
        (coalesce(counted.rating_sum, 0) + 10 * counted.mean_rating) / (counted.rating_count + 10)
            as rating_mean_shrunk,
        counted.one_star_count / nullif(cast(counted.rating_count as double), 0)
            as one_star_share,
        counted.two_star_count / nullif(cast(counted.rating_count as double), 0)
            as two_star_share,
        counted.three_star_count / nullif(cast(counted.rating_count as double), 0)
            as three_star_share,
        counted.four_star_count / nullif(cast(counted.rating_count as double), 0)
            as four_star_share,
        counted.five_star_count / nullif(cast(counted.rating_count as double), 0)
            as five_star_share,
        cast(coalesce(counted.review_count_30_days, 0) as bigint) as review_count_30_days,
        (counted.review_count_30_days + 1e0) / (counted.review_count_30_days_before + 1e0)
            as trend_ratio,
        counted.first_reviewed_at,
        counted.last_reviewed_at

    from counted
    full outer join catalog
        on counted.product_id = catalog.product_id
    left join families
        on counted.product_id = families.product_id
    left join product_ids
        on coalesce(counted.product_id, catalog.product_id) = product_ids.product_id
    left join terms
        on product_ids.product_key = terms.product_key

)

select * from products
