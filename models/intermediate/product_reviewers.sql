{{ config(materialized='bucketed', passes_of=3) }}
-- depends_on: {{ ref('target_users') }}

{# The reviewers of a product who came last, each with how much sharing this product says: the
   product's part of the cosine of two users, without the length of the user who asks, which is
   the same for all.

   Two columns to order by would be sorted, all of them; by one whole number only the first few of
   a product are kept. Keys of users are below 2^28. #}
with

histories as (

    select * from {{ ref('histories') }}
    where {{ in_bucket('product_key % 1024') }}

),

product_stats as (

    select * from {{ ref('product_stats') }}

),

user_stats as (

    select * from {{ ref('user_stats') }}

),

numbered_from_last as (

    select
        split,
        product_key,
        user_key,
        row_number() over (
            partition by split, product_key
            order by cast(reviewed_epoch as bigint) * 268435456 - user_key desc
        ) as reviewer_from_last

    from histories

),

reviewers as (

    select
        numbered_from_last.split,
        numbered_from_last.product_key,
        numbered_from_last.user_key as reviewer_key,
        1e0
        / sqrt(cast(product_stats.interaction_count as double) * user_stats.interaction_count)
            as closeness

    from numbered_from_last
    inner join product_stats
        on numbered_from_last.split = product_stats.split
        and numbered_from_last.product_key = product_stats.product_key
    inner join user_stats
        on numbered_from_last.split = user_stats.split
        and numbered_from_last.user_key = user_stats.user_key
    where numbered_from_last.reviewer_from_last <= {{
        fewer_for_fewer_candidates(var('reviewers_per_product'), at_least=15)
    }}

)

select * from reviewers
