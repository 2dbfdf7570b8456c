-- Who gets bad lists? One row per trait and band of users with a test label: how many they are,
-- how many of their lists of ten have no hit, how good these are, and how much better than the
-- chart that everybody gets. Values of single users are kept of the runs that were published and
-- refused last.
with

of_model as (

    select * from ranker.user_evaluation
    where
        run_id = $run_id
        and model = $model

),

of_popular as (

    select * from ranker.user_evaluation
    where
        run_id = $run_id
        and model = 'popular'

),

user_stats as (

    select * from intermediate.user_stats
    where split = 'test'

),

-- New users have no stats.
lists as (

    select
        of_model.user_id,
        of_model.history_length,
        of_model.ndcg_at_10,
        of_model.hit_rate_at_10,
        of_model.ndcg_at_10 - of_popular.ndcg_at_10 as ndcg_above_popular,
        (user_stats.as_of - user_stats.last_epoch) / 86400e0 as quiet_days,
        exp(user_stats.log_popularity_mean) as taste_for_popular

    from of_model
    inner join of_popular
        on of_model.user_id = of_popular.user_id
    inner join users
        on of_model.user_id = users.user_id
    left join user_stats
        on users.user_key = user_stats.user_key

),

banded as (

    select
        *,
        unnest(
            [
                {
                    'trait': 'Products in the history',
                    'trait_order': 1,
                    'band': case
                        when history_length = 0 then 'none'
                        when history_length = 1 then '1'
                        when history_length < 5 then '2 to 4'
                        when history_length < 10 then '5 to 9'
                        else '10 or more'
                    end,
                    'band_order': case
                        when history_length < 2 then history_length
                        when history_length < 5 then 2
                        when history_length < 10 then 3
                        else 4
                    end
                },
                {
                    'trait': 'Days since the last review',
                    'trait_order': 2,
                    'band': case
                        when quiet_days is null then 'new user'
                        when quiet_days <= 30 then '0 to 30'
                        when quiet_days <= 365 then '31 to 365'
                        else 'over a year'
                    end,
                    'band_order': case
                        when quiet_days is null then 0
                        when quiet_days <= 30 then 1
                        when quiet_days <= 365 then 2
                        else 3
                    end
                },
                {
                    'trait': 'Reviews that their products have',
                    'trait_order': 3,
                    'band': case
                        when taste_for_popular is null then 'new user'
                        when taste_for_popular < 10 then 'under 10'
                        when taste_for_popular < 50 then '10 to 50'
                        else 'over 50'
                    end,
                    'band_order': case
                        when taste_for_popular is null then 0
                        when taste_for_popular < 10 then 1
                        when taste_for_popular < 50 then 2
                        else 3
                    end
                }
            ]
        ) as trait

    from lists

),

counted as (

    select
        banded.trait.trait,
        banded.trait.band,
        banded.trait.trait_order,
        banded.trait.band_order,
        count(*) as users,
        cast(count(*) - sum(banded.hit_rate_at_10) as bigint) as users_without_a_hit,
        avg(banded.ndcg_at_10) as ndcg,
        avg(banded.ndcg_above_popular) as above_popular

    from banded
    group by
        banded.trait.trait,
        banded.trait.band,
        banded.trait.trait_order,
        banded.trait.band_order

),

final as (

    select
        trait,
        band,
        users,
        users_without_a_hit,
        ndcg,
        above_popular

    from counted
    order by
        trait_order,
        band_order

)

select * from final
