with

users as (

    select * from {{ ref('users') }}

),

user_stats as (

    select * from {{ ref('user_stats') }}
    where split = 'test'

),

{# Who is new in the test split has no stats. #}
traits as (

    select
        users.user_key,
        users.user_id,
        coalesce(user_stats.interaction_count, 0) as history_length,
        (user_stats.as_of - user_stats.last_epoch) / 86400e0 as quiet_days,
        exp(user_stats.log_popularity_mean) as popularity

    from users
    left join user_stats
        on users.user_key = user_stats.user_key

),

banded as (

    select
        user_key,
        user_id,
        'products in the history' as trait,
        case
            when history_length < 2 then history_length
            when history_length < 5 then 2
            when history_length < 10 then 3
            else 4
        end as band_order,
        case
            when history_length < 2 then cast(history_length as varchar)
            when history_length < 5 then '2 to 4'
            when history_length < 10 then '5 to 9'
            else '10 or more'
        end as band

    from traits

    union all

    select
        user_key,
        user_id,
        'days since the last review' as trait,
        case
            when quiet_days is null then 0
            when quiet_days <= 30 then 1
            when quiet_days <= 365 then 2
            else 3
        end as band_order,
        case
            when quiet_days is null then 'new user'
            when quiet_days <= 30 then '0 to 30'
            when quiet_days <= 365 then '31 to 365'
            else 'over a year'
        end as band

    from traits

    union all

    select
        user_key,
        user_id,
        'interactions of their products' as trait,
        case
            when popularity is null then 0
            when popularity < 10 then 1
            when popularity < 50 then 2
            else 3
        end as band_order,
        case
            when popularity is null then 'new user'
            when popularity < 10 then 'under 10'
            when popularity < 50 then '10 to 50'
            else 'over 50'
        end as band

    from traits

),

user_bands as (

    select
        user_key,
        user_id,
        trait,
        cast(band_order as int) as band_order,
        band

    from banded

)

select * from user_bands
