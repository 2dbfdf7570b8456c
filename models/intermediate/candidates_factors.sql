{{ config(materialized='bucketed', passes_of=3, by_candidates=true) }}

{# What lies near the user's recent products in the space of a matrix factorisation. #}
with

{{ sum_over_neighbors(ref('factor_pairs')) }},

{{ propose('active', source='factors') }}

select * from proposed
