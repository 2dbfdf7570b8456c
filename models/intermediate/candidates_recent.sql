{{ config(materialized='view') }}

{# Co-visitation in which a pair fades with its age: what is reviewed together of late. #}
{{ neighbors_by('recent') }}
