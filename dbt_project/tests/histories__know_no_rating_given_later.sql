{# Leakage: who reviews a product again later may think otherwise then, which a split of the
   temporal protocol can't know. #}
{{ config(enabled=(protocol() == 'temporal')) }}

with

histories as (

    select * from {{ ref('histories') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

cutoffs as (

    select * from {{ ref('split_cutoffs') }}

),

foreseen as (

    select
        histories.split,
        histories.user_key,
        histories.product_key,
        histories.rating,
        interactions.first_rating,
        interactions.rated_epoch,
        cutoffs.history_until

    from histories
    inner join interactions
        on histories.user_key = interactions.user_key
        and histories.product_key = interactions.product_key
    inner join cutoffs
        on histories.split = cutoffs.split
    where interactions.rated_epoch > cutoffs.history_until
        and histories.rating is distinct from interactions.first_rating

)

select * from foreseen
