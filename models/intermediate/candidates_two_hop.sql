{{ config(materialized='bucketed', passes_of=3) }}

{# What lies one product further: it reaches what was never reviewed together. #}
with

{{ sum_over_neighbors(ref('two_hop_pairs')) }},

{{ propose('active', source='two_hop') }}

select * from proposed
