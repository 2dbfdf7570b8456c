-- One row per model, labelled user with a list, and k: what the first k products are like,
-- whether or not the user wanted them. A list of fewer products is averaged over what it has.
--
-- Sums are of whole numbers and decimals, so that they don't depend on the order of rows.

with

cut_offs as (

    select unnest($ks::integer[]) as k

),

labels as (

    select user_key from query_table($labels)

),

all_lists as (

    select
        model,
        user_key,
        product_key,
        rank

    from query_table($lists)
    where list_contains($models::varchar[], model)

),

lists as (

    select all_lists.*
    from all_lists
    semi join labels
        on all_lists.user_key = labels.user_key

),

products as (

    select
        product_key,
        user_count,
        age_days

    from query_table($products)

),

history as (

    select count(*) as user_count
    from query_table($users)

),

tags as (

    select
        product_key,
        dense_rank() over (order by tag) as tag_key,
        (weight * 1e12)::bigint as weight

    from query_table($tags)

),

tagged_products as (

    select
        product_key,
        sum(weight::hugeint * weight::hugeint) as square_length

    from tags
    group by product_key

),

-- One more user is added to all and to each product: else an unseen one would be infinitely new.
listed_products as (

    select
        lists.model,
        lists.user_key,
        lists.rank,
        (-log2((coalesce(products.user_count, 0) + 1) / (history.user_count + 1)))::decimal(18, 15)
            as surprise,
        coalesce(products.age_days <= $new_days, false) as is_new,
        tagged_products.square_length

    from lists
    cross join history
    left join products
        on lists.product_key = products.product_key
    left join tagged_products
        on lists.product_key = tagged_products.product_key

),

lists_within_k as (

    select
        listed_products.model,
        listed_products.user_key,
        cut_offs.k,
        count(*) as product_count,
        count_if(listed_products.is_new) as new_count,
        sum(listed_products.surprise) as surprise,
        count(listed_products.square_length) as tagged_count,
        sum(listed_products.square_length) as square_lengths

    from listed_products
    inner join cut_offs
        on listed_products.rank <= cut_offs.k
    group by
        listed_products.model,
        listed_products.user_key,
        cut_offs.k

),

-- The sum of the tag vectors of a list: the square of its length is that of every pair's product.
summed_tags as (

    select
        lists.model,
        lists.user_key,
        cut_offs.k,
        tags.tag_key,
        sum(tags.weight) as weight

    from lists
    inner join tags
        on lists.product_key = tags.product_key
    inner join cut_offs
        on lists.rank <= cut_offs.k
    group by
        lists.model,
        lists.user_key,
        cut_offs.k,
        tags.tag_key

),

tag_lengths as (

    select
        model,
        user_key,
        k,
        sum(weight::hugeint * weight::hugeint) as square_length

    from summed_tags
    group by
        model,
        user_key,
        k

),

-- Each pair is in the square twice; what is left of it are the products with themselves.
properties as (

    select
        lists_within_k.model,
        lists_within_k.user_key,
        lists_within_k.k,
        lists_within_k.surprise::double / lists_within_k.product_count as novelty,
        case
            when lists_within_k.tagged_count > 1
                then
                    round(
                        1 - (tag_lengths.square_length - lists_within_k.square_lengths)::double
                        / (lists_within_k.tagged_count * (lists_within_k.tagged_count - 1))
                        / 1e24, 9
                    )
        end as intra_list_diversity,
        lists_within_k.new_count / lists_within_k.product_count as new_product_share

    from lists_within_k
    left join tag_lengths
        on
            lists_within_k.model = tag_lengths.model
            and lists_within_k.user_key = tag_lengths.user_key
            and lists_within_k.k = tag_lengths.k

)

select * from properties
