{# Leakage: what a user is asked to want comes after all that is known of them, in both protocols.
   The place among the user's interactions tells it, for times may be equal. #}
with

labels as (

    select * from {{ ref('labels') }}

),

interactions as (

    select * from {{ ref('interactions') }}

),

histories as (

    select
        split,
        user_key,
        max(position) as last_position

    from {{ ref('histories') }}
    group by split, user_key

),

placed as (

    select
        labels.split,
        labels.user_key,
        labels.product_key,
        interactions.position,
        histories.last_position

    from labels
    inner join interactions
        on labels.user_key = interactions.user_key
        and labels.product_key = interactions.product_key
    inner join histories
        on labels.split = histories.split
        and labels.user_key = histories.user_key

)

select * from placed
where position <= last_position
