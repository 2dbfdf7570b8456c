{# Every line read ends in exactly one place: `unaccounted` is 0, and a test holds it there. #}
with

files as (

    select * from {{ source('raw', 'files') }}
    where dataset = 'reviews'

),

accepted as (

    select
        source_file,
        count(*) as line_count

    from {{ ref('reviews') }}
    group by source_file

),

duplicates as (

    select
        source_file,
        count(*) as line_count

    from {{ ref('duplicate_reviews') }}
    group by source_file

),

rejected as (

    select
        source_file,
        count(*) as line_count

    from {{ ref('rejected_reviews') }}
    group by source_file

),

report as (

    select
        files.source_file,
        files.source_form,
        files.lines_read,
        coalesce(accepted.line_count, 0) as accepted_lines,
        coalesce(duplicates.line_count, 0) as duplicate_lines,
        coalesce(rejected.line_count, 0) as rejected_lines,
        files.lines_read
        - coalesce(accepted.line_count, 0)
        - coalesce(duplicates.line_count, 0)
        - coalesce(rejected.line_count, 0) as unaccounted_lines

    from files
    left join accepted
        on files.source_file = accepted.source_file
    left join duplicates
        on files.source_file = duplicates.source_file
    left join rejected
        on files.source_file = rejected.source_file

)

select * from report
