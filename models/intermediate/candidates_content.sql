{{ config(materialized='bucketed') }}

{# What is described like the user's recent products, by the catalogue and by its reviewers. It
   alone reaches what nobody has reviewed yet. #}
with

{{ sum_over_neighbors(ref('content_pairs')) }},

{{ propose('active', source='content') }}

select * from proposed
