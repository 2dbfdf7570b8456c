{{ config(materialized='view') }}

{# A smoothed Markov chain over several steps: what follows the user's products more often than
   chance would have it. Log-scaled, so that a popular product needs no division. #}
{{ neighbors_by('transitions') }}
