-- One row per model, metric and k: the mean over the users with a label, from `per_user`
-- (the rows of per_user_metrics.sql), and the catalogue coverage, which has no value per user.
--
-- Sums don't depend on the order of rows: values are added as decimals of 15 places, and for
-- the deviation as whole billionths, whose squares stay exact.

with

lists as (

    select
        model,
        user_key,
        product_key,
        rank

    from query_table($lists)

),

labels as (

    select user_key from query_table($labels)

),

sums as (

    select
        model,
        metric,
        k,
        count(*) as users,
        sum(value::decimal(18, 15)) as total,
        sum((value * 1e9)::bigint) as billionths,
        sum((value * 1e9)::bigint * (value * 1e9)::bigint) as squared_billionths

    from per_user
    group by
        model,
        metric,
        k

),

-- The sample variance is (n * sum of squares - square of the sum) / (n * (n - 1)).
means as (

    select
        model,
        metric,
        k,
        users,
        total::double / users as value,
        sqrt(
            (users * squared_billionths - billionths * billionths)::double
            / users
            / nullif(users - 1, 0)
        ) / 1e9 as deviation

    from sums

),

best_ranks as (

    select
        lists.model,
        lists.product_key,
        min(lists.rank) as best_rank

    from lists
    semi join labels
        on lists.user_key = labels.user_key
    group by
        lists.model,
        lists.product_key

),

coverage as (

    select
        means.model,
        'catalog_coverage' as metric,
        means.k,
        means.users,
        count(best_ranks.product_key) / $catalog_size as value,
        null::double as deviation

    from means
    left join best_ranks
        on
            means.model = best_ranks.model
            and means.k >= best_ranks.best_rank
    where means.metric = 'hit_rate'
    group by
        means.model,
        means.k,
        means.users

),

metrics as (

    select * from means
    union all
    select * from coverage

),

evaluation as (

    select
        model,
        'all' as segment,
        metric,
        k,
        value,
        value - 1.96 * deviation / sqrt(users) as ci_low,
        value + 1.96 * deviation / sqrt(users) as ci_high,
        users

    from metrics

)

select * from evaluation
