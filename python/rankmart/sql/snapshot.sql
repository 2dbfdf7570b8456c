-- The tables of a published snapshot, from the warehouse tables of one run.
--
-- JSON lists are stored uncompressed: for 50,000 lists of 50 products, compressing them took
-- 30 to 40 s of the checkpoint instead of 2 s, and no look-up was faster for it.
--
-- What has `$pass` is run once for each pass over the users: DuckDB keeps the lists that it makes in
-- memory.

-- A product of a list, as the API sends it. A 32-bit score goes through its shortest text, so that
-- 0.12 is not 0.11999999731779099.
create or replace temp macro list_item(
    rank, product_id, title, score, source, reason_type, because_of_id, because_of_title, terms
) as {
    'rank': rank,
    'product_id': product_id,
    'title': title,
    'score': cast(cast(score as varchar) as double),
    'source': source,
    'reason': {
        'type': reason_type,
        'product_id': because_of_id,
        'title': because_of_title,
        'terms': terms
    }
};

-- Items {place, item} of a list as JSON, in the order of their places. Of `list(… order by …)` DuckDB
-- sorts all items of all lists by one thread, in twice the time.
create or replace temp macro in_order(items) as to_json(
    list_transform(
        list_select(items, list_grade_up(list_transform(items, lambda one: one.place))),
        lambda one: one.item
    )
);

create table rankmart_snapshot.recommendation_lists (
    user_id varchar not null using compression uncompressed,
    items json not null using compression uncompressed
);

insert into rankmart_snapshot.recommendation_lists
with

recommendations as (

    select * from ranker.recommendations
    where
        run_id = $run_id
        and rank <= coalesce($list_length, rank)
        and hash(user_id) % cast($passes as ubigint) = $pass

),

items as (

    select
        recommendations.user_id,
        recommendations.rank as place,
        to_json(list_item(
            recommendations.rank,
            recommendations.product_id,
            recommended.title,
            recommendations.score,
            recommendations.source,
            recommendations.reason_type,
            recommendations.because_of_product_id,
            because_of.title,
            recommendations.reason_terms
        )) as item

    from recommendations
    left join products as recommended
        on recommendations.product_id = recommended.product_id
    left join products as because_of
        on recommendations.because_of_product_id = because_of.product_id

)

select
    user_id,
    in_order(list({'place': place, 'item': item})) as items

from items
group by user_id;

create unique index recommendation_lists_by_user
on rankmart_snapshot.recommendation_lists (user_id);

-- The lists of generators, for users whom an experiment gives them.
create table rankmart_snapshot.variant_lists (
    list varchar not null,
    user_id varchar not null,
    items json not null using compression uncompressed
);

insert into rankmart_snapshot.variant_lists
with

items as (

    select
        recommendations.list,
        recommendations.user_id,
        recommendations.rank as place,
        to_json(list_item(
            recommendations.rank,
            recommendations.product_id,
            recommended.title,
            recommendations.score,
            recommendations.source,
            recommendations.reason_type,
            recommendations.because_of_product_id,
            because_of.title,
            recommendations.reason_terms
        )) as item

    from ranker.variant_recommendations as recommendations
    left join products as recommended
        on recommendations.product_id = recommended.product_id
    left join products as because_of
        on recommendations.because_of_product_id = because_of.product_id
    where
        recommendations.run_id = $run_id
        and recommendations.rank <= coalesce($list_length, recommendations.rank)

)

select
    list,
    user_id,
    in_order(list({'place': place, 'item': item})) as items

from items
group by
    list,
    user_id;

create unique index variant_lists_by_user on rankmart_snapshot.variant_lists (user_id, list);

create table rankmart_snapshot.experiments as
select
    experiment,
    salt,
    first_day,
    last_day,
    variant,
    list,
    first_slot,
    end_slot

from ranker.run_experiments
where run_id = $run_id;

create table rankmart_snapshot.fallback_list as
with

items as (

    select
        recommendations.rank,
        list_item(
            recommendations.rank,
            recommendations.product_id,
            products.title,
            recommendations.score,
            recommendations.source,
            recommendations.reason_type,
            cast(null as varchar),
            cast(null as varchar),
            recommendations.reason_terms
        ) as item

    from ranker.fallback_recommendations as recommendations
    left join products
        on recommendations.product_id = products.product_id
    where
        recommendations.run_id = $run_id
        and recommendations.rank <= coalesce($list_length, recommendations.rank)

)

select to_json(list(item order by rank)) as items from items;

create table rankmart_snapshot.products as
select
    products.product_id,
    products.product_key,
    products.title,
    products.brand,
    products.categories,
    products.category,
    products.price,
    products.family_id,
    products.review_count,
    products.rating_mean,
    products.first_reviewed_at,
    products.last_reviewed_at,
    product_stats.popular_score,
    product_stats.trend_score,
    lower(concat_ws(' ', products.product_id, products.title, products.brand)) as search_text

from products
left join intermediate.product_stats as product_stats
    on
        product_stats.split = 'serve'
        and products.product_key = product_stats.product_key
order by products.product_id;

create index products_by_product on rankmart_snapshot.products (product_id);

create table rankmart_snapshot.product_neighbors as
select
    product_id,
    rank,
    neighbor_id,
    score

from product_neighbors
order by
    product_id,
    rank;

create index product_neighbors_by_product on rankmart_snapshot.product_neighbors (product_id);

create table rankmart_snapshot.history_lists (
    user_id varchar not null,
    items json not null using compression uncompressed
);

insert into rankmart_snapshot.history_lists
with

items as (

    select
        user_id,
        -position as place,
        to_json({
            'product_id': product_id,
            'reviewed_at': strftime(reviewed_at, '%Y-%m-%dT%H:%M:%SZ'),
            'rating': cast(cast(rating as varchar) as double),
            'kind': kind
        }) as item

    from interactions
    where hash(user_id) % cast($passes as ubigint) = $pass

)

select
    user_id,
    in_order(list({'place': place, 'item': item})) as items

from items
group by user_id;

create unique index history_lists_by_user on rankmart_snapshot.history_lists (user_id);

create table rankmart_snapshot.users as
select
    user_id,
    user_key,
    user_bucket

from users
order by user_id;

create unique index users_by_user on rankmart_snapshot.users (user_id);

create table rankmart_snapshot.evaluation as
select * from ranker.evaluation
where run_id = $run_id;

-- One row per member of the ranker; none where a generator stands in for it.
create table rankmart_snapshot.model as
select
    unnest(cast($weights as double [])) as weight,
    unnest(cast($boosters as blob [])) as booster,
    cast($features as varchar []) as features;

-- Last, because it counts the others.
create table rankmart_snapshot.run as
select
    run_id,
    created_at,
    model,
    protocol,
    metrics,
    parameters,
    verdict,
    (
        select coalesce(max(json_array_length(items)), 0)
        from rankmart_snapshot.recommendation_lists
    ) as list_length,
    (select count(*) from rankmart_snapshot.recommendation_lists) as users,
    (select count(*) from rankmart_snapshot.products) as products,
    (select coalesce(max(seq), 0) from staging.stg_events) as events_through

from ranker.runs
where run_id = $run_id;
