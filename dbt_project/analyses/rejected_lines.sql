{# What was rejected, and why? One row per file and reason, with the line where it occurs first and
   its share of the lines of that file. dbt show -s rejected_lines --limit 50 #}
with

rejected as (

    select * from {{ ref('rejected_reviews') }}

),

report as (

    select * from {{ ref('reading_report') }}

),

counted as (

    select
        source_file,
        reason,
        count(*) as line_count,
        min(source_line) as first_line

    from rejected
    group by source_file, reason

),

shares as (

    select
        counted.source_file,
        counted.reason,
        counted.line_count,
        counted.line_count / cast(report.lines_read as double) as share_of_lines,
        counted.first_line,
        rejected.user_id,
        rejected.product_id,
        rejected.rating,
        rejected.reviewed_at,
        rejected.raw_line

    from counted
    inner join report
        on counted.source_file = report.source_file
    inner join rejected
        on counted.source_file = rejected.source_file
        and counted.first_line = rejected.source_line
        and counted.reason = rejected.reason

)

select * from shares
order by source_file asc, line_count desc, reason asc
