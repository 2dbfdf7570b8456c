{# Which products are variants of one another: the shop copies a review of one to all of them,
   so the same user says the same at the same time of several products. Products linked so,
   directly or over others, are one family, named by the member that was reviewed first. #}
with

reviews as (

    select * from {{ ref('review_outcomes') }}
    where outcome = 'accepted'

),

products as (

    select
        product_id,
        count(*) as review_count,
        row_number() over (
            order by min(reviewed_epoch), min(review_id)
        ) as product_number

    from reviews
    group by product_id

),

copied as (

    select distinct
        user_id,
        reviewed_epoch,
        text_hash,
        product_id

    from reviews
    where text_length >= {{ var('variant_min_text_length') }}

),

{# A family has a handful of members; one text on hundreds of products is somebody's spam. #}
counted as (

    select
        *,
        count(*) over (
            partition by user_id, reviewed_epoch, text_hash
        ) as copies

    from copied

),

shared_texts as (

    select
        user_id,
        reviewed_epoch,
        text_hash,
        product_id

    from counted
    where copies between 2 and {{ var('variants_at_most') }}

),

pairs as (

    select
        one.product_id,
        other.product_id as other_product_id,
        count(*) as shared_reviews

    from shared_texts as one
    inner join shared_texts as other
        on one.user_id = other.user_id
        and one.reviewed_epoch = other.reviewed_epoch
        and one.text_hash = other.text_hash
        and one.product_id != other.product_id
    group by one.product_id, other.product_id

),

{# One careless user who writes one text everywhere does not make a family. #}
links as (

    select
        product.product_number,
        other.product_number as other_number

    from pairs
    inner join products as product
        on pairs.product_id = product.product_id
    inner join products as other
        on pairs.other_product_id = other.product_id
    where pairs.shared_reviews >= {{ var('variant_min_shared_share') }}
        * least(product.review_count, other.review_count)

),

labels_0 as (

    select
        product_number,
        product_number as family_number

    from products

),

{# The smallest number spreads over the links; jumping to the label of the label doubles the
   reach each round. The test product_families__have_settled fails if it was not enough. #}
{% for round in range(1, 7) %}

spread_{{ round }} as (

    select
        labels.product_number,
        least(labels.family_number, coalesce(min(neighbors.family_number), labels.family_number))
            as family_number

    from labels_{{ round - 1 }} as labels
    left join links
        on labels.product_number = links.product_number
    left join labels_{{ round - 1 }} as neighbors
        on links.other_number = neighbors.product_number
    group by labels.product_number, labels.family_number

),

labels_{{ round }} as (

    select
        spread.product_number,
        jumped.family_number

    from spread_{{ round }} as spread
    inner join spread_{{ round }} as jumped
        on spread.family_number = jumped.product_number

),

{% endfor %}

families as (

    select
        products.product_id,
        named.product_id as family_id,
        cast(count(*) over (partition by named.product_id) as int) as family_size

    from products
    inner join labels_6 as labels
        on products.product_number = labels.product_number
    inner join products as named
        on labels.family_number = named.product_number

)

select * from families
