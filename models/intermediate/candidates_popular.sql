{{ config(materialized='bucketed') }}

with

{{ same_for_everyone('popular') }},

{{ propose('scored', source='popular', decimals=5) }}

select * from proposed
