-- One row per model, labelled user and k: how well the list predicted the labels.
--
-- Gains are summed as decimals of 15 places, because a sum of doubles depends on the order
-- in which threads deliver the rows.

with

lists as (

    select
        model,
        user_key,
        product_key,
        rank

    from query_table($lists)
    where list_contains($models::varchar[], model)

),

labels as (

    select
        user_key,
        product_key

    from query_table($labels)

),

cut_offs as (

    select unnest($ks::integer[]) as k

),

models as (

    select unnest($models::varchar[]) as model

),

labelled_users as (

    select
        user_key,
        count(*) as label_count

    from labels
    group by user_key

),

-- A user without a list is asked all the same: every mean is over the same users.
asked as (

    select
        models.model,
        cut_offs.k,
        labelled_users.user_key,
        labelled_users.label_count,
        least(labelled_users.label_count, cut_offs.k) as possible_hits

    from labelled_users
    cross join models
    cross join cut_offs

),

hits as (

    select
        lists.model,
        lists.user_key,
        lists.rank,
        row_number() over (
            partition by lists.model, lists.user_key
            order by lists.rank
        ) as hits_so_far

    from lists
    inner join labels
        on
            lists.user_key = labels.user_key
            and lists.product_key = labels.product_key

),

hits_within_k as (

    select
        hits.model,
        hits.user_key,
        cut_offs.k,
        count(*) as hit_count,
        min(hits.rank) as first_rank,
        sum((1 / log2(hits.rank + 1))::decimal(18, 15)) as gain,
        sum((hits.hits_so_far / hits.rank)::decimal(18, 15)) as precision_at_hits

    from hits
    inner join cut_offs
        on hits.rank <= cut_offs.k
    group by
        hits.model,
        hits.user_key,
        cut_offs.k

),

possible_ranks as (

    select unnest(range(1, (select max(k) from cut_offs) + 1)) as rank

),

-- What a list gains that opens with all the hits it can have.
ideal_gains as (

    select
        rank as possible_hits,
        sum((1 / log2(rank + 1))::decimal(18, 15)) over (order by rank) as gain

    from possible_ranks

),

per_user as (

    select
        asked.model,
        asked.user_key,
        asked.label_count,
        asked.k,
        coalesce(hits_within_k.gain::double / ideal_gains.gain::double, 0) as ndcg,
        coalesce(hits_within_k.hit_count, 0) / asked.label_count as recall,
        coalesce(hits_within_k.hit_count, 0) / asked.k as precision,
        coalesce(hits_within_k.precision_at_hits::double / asked.possible_hits, 0) as map,
        coalesce(1 / hits_within_k.first_rank, 0) as mrr,
        coalesce((hits_within_k.hit_count > 0)::double, 0) as hit_rate

    from asked
    inner join ideal_gains
        on asked.possible_hits = ideal_gains.possible_hits
    left join hits_within_k
        on
            asked.model = hits_within_k.model
            and asked.user_key = hits_within_k.user_key
            and asked.k = hits_within_k.k

)

select * from per_user
