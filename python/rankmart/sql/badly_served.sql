-- One row per trait and band of users with a test label: how many they are, how many of their
-- lists of ten have no hit, how good these are, and how much better than the chart that everybody
-- gets. Values of single users are kept of the runs that were published and refused last.
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

final as (

    select
        user_bands.trait,
        user_bands.band,
        count(*) as users,
        cast(count(*) - sum(of_model.hit_rate_at_10) as bigint) as users_without_a_hit,
        avg(of_model.ndcg_at_10) as ndcg,
        avg(of_model.ndcg_at_10 - of_popular.ndcg_at_10) as above_popular

    from of_model
    inner join of_popular
        on of_model.user_id = of_popular.user_id
    inner join user_bands
        on of_model.user_id = user_bands.user_id
    group by
        user_bands.trait,
        user_bands.band,
        user_bands.band_order
    order by
        user_bands.trait desc,
        user_bands.band_order asc

)

select * from final
