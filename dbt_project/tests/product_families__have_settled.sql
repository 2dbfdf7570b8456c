{# Two products that the shop copies reviews between are of one family. A row here means that the
   model spread the families in too few rounds. #}
{{ config(group='reading') }}
with

families as (

    select * from {{ ref('product_families') }}

),

reviews as (

    select * from {{ ref('review_outcomes') }}
    where outcome = 'accepted'

),

copies as (

    select
        product_id,
        md5(concat_ws('|', user_id, cast(reviewed_epoch as string), text_hash)) as text_of_user

    from reviews
    where text_length >= {{ var('variant_min_text_length') }}
    group by product_id, text_of_user

),

shared_copies as (

    select
        copies.product_id,
        other_copies.product_id as other_product_id,
        count(*) as shared_reviews

    from copies
    inner join copies as other_copies
        on copies.text_of_user = other_copies.text_of_user
        and copies.product_id < other_copies.product_id
    group by copies.product_id, other_copies.product_id

),

review_counts as (

    select
        product_id,
        count(*) as review_count

    from reviews
    group by product_id

),

linked as (

    select
        shared_copies.product_id,
        shared_copies.other_product_id,
        families.family_id,
        other_families.family_id as other_family_id

    from shared_copies
    inner join review_counts
        on shared_copies.product_id = review_counts.product_id
    inner join review_counts as other_counts
        on shared_copies.other_product_id = other_counts.product_id
    inner join families
        on shared_copies.product_id = families.product_id
    inner join families as other_families
        on shared_copies.other_product_id = other_families.product_id
    where shared_copies.shared_reviews >= {{ var('variant_min_shared_share') }}
        * least(review_counts.review_count, other_counts.review_count)

)

select * from linked
where family_id != other_family_id
