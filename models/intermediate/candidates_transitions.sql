{{ config(materialized='bucketed', passes_of=3) }}

{# A smoothed Markov chain over several steps: what follows the user's products more often than
   chance would have it. Log-scaled, so that a popular product needs no division. #}
with

{{ sum_over_neighbors(
    ref('product_pairs'), association='transition_gain', place='slow_weight'
) }},

{{ propose('active', source='transitions') }}

select * from proposed
