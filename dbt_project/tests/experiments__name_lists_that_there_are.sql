{# A list is the ranker's, a generator's, or that of a run, whose id is a day and a digest. #}
with

experiments as (

    select * from {{ ref('experiments') }}

),

unknown as (

    select
        experiment,
        variant,
        list

    from experiments
    where list != 'ranker'
        and list not like '________-____________'
        {% for generator in var('generators') %}
        and list != '{{ generator }}'
        {% endfor %}

)

select * from unknown
