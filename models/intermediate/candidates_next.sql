{{ config(materialized='view') }}

{# A first-order Markov chain: what users reviewed right after the user's last product. #}
{{ neighbors_by('next') }}
