-- One row per model and k: the share of the catalogue that is in the first k of any labelled user.

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

cut_offs as (

    select unnest($ks::integer[]) as k

),

models as (

    select unnest($models::varchar[]) as model

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
        models.model,
        cut_offs.k,
        count(best_ranks.product_key) / $catalog_size as catalog_coverage

    from models
    cross join cut_offs
    left join best_ranks
        on
            models.model = best_ranks.model
            and cut_offs.k >= best_ranks.best_rank
    group by
        models.model,
        cut_offs.k

)

select * from coverage
order by
    model,
    k
