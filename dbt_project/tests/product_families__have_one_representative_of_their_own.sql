{# The family is named by one of its members, and its size is the number of them. #}
with

families as (

    select * from {{ ref('product_families') }}

),

counted as (

    select
        family_id,
        count(*) as member_count,
        min(family_size) as smallest_size,
        max(family_size) as largest_size,
        count_if(product_id = family_id) as representative_count

    from families
    group by family_id

)

select * from counted
where representative_count != 1
    or smallest_size != member_count
    or largest_size != member_count
