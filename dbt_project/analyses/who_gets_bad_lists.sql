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

user_bands as (

    select * from {{ ref('user_bands') }}

),

{# The list of the model that was published beside that of the chart. #}
banded as (

    select
        user_bands.trait,
        user_bands.band,
        of_model.ndcg_at_10,
        of_model.hit_rate_at_10,
        of_model.ndcg_at_10 - of_popular.ndcg_at_10 as ndcg_above_popular

    from runs
    inner join user_evaluation as of_model
        on runs.run_id = of_model.run_id
        and runs.model = of_model.model
    inner join user_evaluation as of_popular
        on of_model.run_id = of_popular.run_id
        and of_model.user_id = of_popular.user_id
        and of_popular.model = 'popular'
    inner join user_bands
        on of_model.user_id = user_bands.user_id

),

final as (

    select
        trait,
        band,
        count(*) as user_count,
        cast(count(*) - sum(hit_rate_at_10) as bigint) as users_without_a_hit,
        1 - avg(hit_rate_at_10) as share_without_a_hit,
        avg(ndcg_at_10) as ndcg_at_10,
        avg(ndcg_above_popular) as ndcg_above_popular

    from banded
    group by trait, band

)

select * from final
order by trait asc, share_without_a_hit desc, band asc
