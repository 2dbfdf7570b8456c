{{ config(materialized='bucketed') }}

with

{{ same_for_everyone('popular_score') }},

{{ propose('scored', source='popular', at_most=var('candidates_per_fallback')) }}

select * from proposed
