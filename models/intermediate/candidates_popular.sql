{{ config(materialized='bucketed') }}

with

{{ same_for_everyone('popular') }},

{{ propose('scored', source='popular', decimals=3) }}

select * from proposed
