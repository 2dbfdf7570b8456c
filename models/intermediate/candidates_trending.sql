{{ config(materialized='bucketed') }}

with

{{ same_for_everyone('trend_score') }},

{{ propose('scored', source='trending', at_most=var('candidates_per_fallback')) }}

select * from proposed
