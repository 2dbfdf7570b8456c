{# Every line read is a review, a duplicate or rejected. #}
with

reading_report as (

    select
        source_file,
        lines_read,
        unaccounted_lines

    from {{ ref('reading_report') }}

)

select * from reading_report
where unaccounted_lines != 0
