{# Which generators propose the same? One row per two generators: of the candidates that the first
   proposes, how many the second proposes too, and how many nobody else does. A generator of whose
   proposals few are its own adds little.
   dbt show -s how_generators_overlap --limit 121 #}
{% set generators = var('generators') | list %}
with

candidates as (

    select * from {{ ref('candidates') }}
    where split = 'serve'

),

{# Who proposed what, in one row: a join of candidates with themselves would take minutes. #}
counted as (

    select
        {% for generator in generators %}
        count(case when source_count = 1 then {{ generator }}_rank end)
            as {{ generator }}_alone,
        {% for other in generators %}
        count(case when {{ other }}_rank is not null then {{ generator }}_rank end)
            as {{ generator }}_with_{{ other }},
        {% endfor %}
        {% endfor %}
        count(*) as candidate_count

    from candidates

),

pairs as (

    {% for generator in generators %}
    {% set is_last_generator = loop.last %}
    {% for other in generators %}
    select
        '{{ generator }}' as generator,
        '{{ other }}' as other,
        {{ generator }}_with_{{ generator }} as proposal_count,
        {{ generator }}_alone as proposed_by_no_other,
        {{ generator }}_with_{{ other }} as shared_count

    from counted
    {{ 'union all' if not (is_last_generator and loop.last) }}
    {% endfor %}
    {% endfor %}

),

shares as (

    select
        generator,
        other,
        proposal_count,
        proposed_by_no_other,
        shared_count,
        shared_count / cast(nullif(proposal_count, 0) as double) as share_shared

    from pairs
    where generator != other

)

select * from shares
order by generator asc, share_shared desc, other asc
