{{ config(materialized='bucketed') }}

with

{{ same_for_everyone('trending') }},

{{ propose('scored', source='trending', decimals=5) }}

select * from proposed
