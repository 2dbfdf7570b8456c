{# Leakage: in the temporal protocol no split may see past its moment. In leave-last-out each user
   has a moment of their own; labels__come_after_the_history holds it there. #}
{{ config(enabled=(protocol() == 'temporal')) }}

with

histories as (

    select * from {{ ref('histories') }}

),

cutoffs as (

    select * from {{ ref('split_cutoffs') }}

),

too_late as (

    select
        histories.split,
        histories.user_key,
        histories.product_key,
        histories.reviewed_epoch,
        cutoffs.history_until

    from histories
    left join cutoffs
        on histories.split = cutoffs.split
    where cutoffs.history_until is null
        or histories.reviewed_epoch > cutoffs.history_until

)

select * from too_late
