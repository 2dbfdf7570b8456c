{{ config(materialized='view') }}

{# What was reviewed near the user's recent products. #}
{{ neighbors_by('co_visited') }}
