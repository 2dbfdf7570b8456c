{{ config(materialized='view') }}

with

histories as (

    select * from {{ ref('histories') }}

),

recent as (

    select
        split,
        user_key,
        product_key,
        weight

    from histories
    where recency <= {{ var('history_length') }}

)

select * from recent
