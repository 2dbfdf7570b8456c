{{ config(materialized='bucketed', passes_of=3) }}

{# What was reviewed near the user's recent products. #}
with

{{ sum_over_neighbors(ref('product_pairs')) }},

{{ propose('active', source='co_visited') }}

select * from proposed
