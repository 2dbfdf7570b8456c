{# Whose list is filled up with what everybody gets? One row per user of whose list more than
   half is there for being trending or popular. Those with nothing else at all are in
   users_without_personal_recommendations too. dbt show -s users_with_mostly_fallback --limit 20 #}
with

recommendations as (

    select * from {{ source('ranker', 'recommendations') }}

),

users as (

    select * from {{ ref('users') }}

),

counted as (

    select
        user_id,
        count(*) as recommendation_count,
        sum(case when reason_type in ('trending', 'popular') then 1 else 0 end)
            as fallback_count

    from recommendations
    group by user_id

),

mostly_fallback as (

    select
        counted.user_id,
        counted.recommendation_count,
        cast(counted.fallback_count as bigint) as fallback_count,
        counted.fallback_count / cast(counted.recommendation_count as double)
            as fallback_share,
        users.product_count,
        users.positive_count,
        users.last_reviewed_at

    from counted
    inner join users
        on counted.user_id = users.user_id
    where 2 * counted.fallback_count > counted.recommendation_count

)

select * from mostly_fallback
order by fallback_share desc, last_reviewed_at desc, user_id asc
