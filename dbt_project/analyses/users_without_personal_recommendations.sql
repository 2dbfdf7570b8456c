{# Who gets nothing that their own history explains? One row per user whose list holds only
   trending and popular products and those of list rules, or who has no list.
   dbt show -s users_without_personal_recommendations --limit 20 #}
with

users as (

    select * from {{ ref('users') }}

),

recommendations as (

    select * from {{ source('ranker', 'recommendations') }}

),

counted as (

    select
        user_id,
        count(*) as recommendation_count,
        sum(case when reason_type in ('trending', 'popular', 'rule') then 0 else 1 end)
            as personal_count

    from recommendations
    group by user_id

),

impersonal as (

    select
        users.user_id,
        coalesce(counted.recommendation_count, 0) as recommendation_count,
        users.review_count,
        users.product_count,
        users.last_reviewed_at

    from users
    left join counted
        on users.user_id = counted.user_id
    where coalesce(counted.personal_count, 0) = 0

)

select * from impersonal
order by last_reviewed_at desc, user_id asc
