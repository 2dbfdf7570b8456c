{# How much of the catalogue is recommended to anyone? One row per category, the least covered
   first: its products, those on any list, and its share of all places on lists beside its share
   of interactions. A category with less of the places than of the interactions is one that lists
   pass over.
   dbt show -s catalogue_coverage_by_category --limit 50 #}
with

{# A family of variants is listed by its representative. #}
products as (

    select
        product_id,
        coalesce(category, 'no category') as category

    from {{ ref('products') }}
    where product_id = family_id

),

places as (

    select
        product_id,
        count(*) as place_count

    from {{ source('ranker', 'recommendations') }}
    group by product_id

),

interactions as (

    select
        product_id,
        count(*) as interaction_count

    from {{ ref('interactions') }}
    group by product_id

),

counted as (

    select
        products.category,
        count(*) as product_count,
        count(places.product_id) as recommended_count,
        coalesce(sum(places.place_count), 0) as place_count,
        coalesce(sum(interactions.interaction_count), 0) as interaction_count

    from products
    left join places
        on products.product_id = places.product_id
    left join interactions
        on products.product_id = interactions.product_id
    group by products.category

),

shares as (

    select
        category,
        product_count,
        recommended_count,
        recommended_count / cast(product_count as double) as share_recommended,
        place_count / cast(sum(place_count) over () as double) as share_of_places,
        interaction_count / cast(sum(interaction_count) over () as double)
            as share_of_interactions

    from counted

)

select * from shares
order by share_recommended asc, product_count desc, category asc
