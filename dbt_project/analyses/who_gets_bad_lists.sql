{# Who gets bad lists? One row per trait and band of users with a test label, of the published
   run's model: how many they are, how many of their lists of ten have no hit, and how much better
   they are than the chart that everybody gets. Where `ndcg_above_popular` is near 0, the model
   knows nothing of these users. dbt show -s who_gets_bad_lists --limit 50 #}
with

runs as (

    select
        run_id,
        model

    from {{ source('ranker', 'runs') }}
    where is_current

),

user_evaluation as (

    select * from {{ source('ranker', 'user_evaluation') }}

),

users as (

    select * from {{ ref('users') }}

),

user_stats as (

    select * from {{ ref('user_stats') }}
    where split = 'test'

),

{# The list of the model that was published beside that of the chart. New users have no stats. #}
lists as (

    select
        of_model.user_id,
        of_model.history_length,
        of_model.ndcg_at_10,
        of_model.hit_rate_at_10,
        of_model.ndcg_at_10 - of_popular.ndcg_at_10 as ndcg_above_popular,
        (user_stats.as_of - user_stats.last_epoch) / 86400e0 as quiet_days,
        exp(user_stats.log_popularity_mean) as taste_for_popular

    from runs
    inner join user_evaluation as of_model
        on runs.run_id = of_model.run_id
        and runs.model = of_model.model
    inner join user_evaluation as of_popular
        on of_model.run_id = of_popular.run_id
        and of_model.user_id = of_popular.user_id
        and of_popular.model = 'popular'
    inner join users
        on of_model.user_id = users.user_id
    left join user_stats
        on users.user_key = user_stats.user_key

),

banded as (

    select
        *,
        'products in the history' as trait,
        case
            when history_length = 0 then '0'
            when history_length = 1 then '1'
            when history_length < 5 then '2 to 4'
            when history_length < 10 then '5 to 9'
            else '10 or more'
        end as band,
        case
            when history_length < 2 then history_length
            when history_length < 5 then 2
            when history_length < 10 then 3
            else 4
        end as band_order

    from lists

    union all

    select
        *,
        'days since the last review' as trait,
        case
            when quiet_days is null then 'new user'
            when quiet_days <= 30 then '0 to 30'
            when quiet_days <= 365 then '31 to 365'
            else 'over a year'
        end as band,
        case
            when quiet_days is null then 0
            when quiet_days <= 30 then 1
            when quiet_days <= 365 then 2
            else 3
        end as band_order

    from lists

    union all

    select
        *,
        'interactions of their products' as trait,
        case
            when taste_for_popular is null then 'new user'
            when taste_for_popular < 10 then 'under 10'
            when taste_for_popular < 50 then '10 to 50'
            else 'over 50'
        end as band,
        case
            when taste_for_popular is null then 0
            when taste_for_popular < 10 then 1
            when taste_for_popular < 50 then 2
            else 3
        end as band_order

    from lists

),

counted as (

    select
        trait,
        band,
        band_order,
        count(*) as user_count,
        count(*) - sum(hit_rate_at_10) as users_without_a_hit,
        1 - avg(hit_rate_at_10) as share_without_a_hit,
        avg(ndcg_at_10) as ndcg_at_10,
        avg(ndcg_above_popular) as ndcg_above_popular

    from banded
    group by trait, band, band_order

),

final as (

    select
        trait,
        band,
        user_count,
        cast(users_without_a_hit as bigint) as users_without_a_hit,
        share_without_a_hit,
        ndcg_at_10,
        ndcg_above_popular

    from counted

)

select * from final
order by trait asc, share_without_a_hit desc, band asc
