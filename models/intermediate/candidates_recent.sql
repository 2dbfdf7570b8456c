{{ config(materialized='bucketed', passes_of=3) }}

{# Co-visitation in which a pair fades with its age: what is reviewed together of late. #}
with

{{ sum_over_neighbors(
    ref('product_pairs'), association='recent_association', rank='recent_rank'
) }},

{{ propose('active', source='recent') }}

select * from proposed
