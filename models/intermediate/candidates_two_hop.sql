{{ config(materialized='bucketed') }}

{# What lies one product further: it reaches what was never reviewed together. #}
with

{{ sum_over_neighbors(ref('two_hop_pairs')) }},

{{ propose('active', source='two_hop') }}

select * from proposed
