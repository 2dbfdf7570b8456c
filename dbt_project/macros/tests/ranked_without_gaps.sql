{# Within each group the ranks are 1, 2, 3 … up to the number of rows. #}
{% test ranked_without_gaps(model, column_name, within) %}

with

ranked as (

    select
        {{ within | join(', ') }},
        count(*) as row_count,
        count(distinct {{ column_name }}) as rank_count,
        min({{ column_name }}) as first_rank,
        max({{ column_name }}) as last_rank

    from {{ model }}
    group by {{ within | join(', ') }}

)

select * from ranked
where first_rank != 1
    or last_rank != row_count
    or rank_count != row_count

{% endtest %}
