{# What is said of a product: a line of the catalogue, and the beginnings of the reviews of it
   that came last. Each text is here once, with which splits see it: a split knows no text of a
   review that its history does not hold. Bounded, so that millions of reviews stay small. #}
with

histories as (

    select * from {{ ref('histories') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

catalog as (

    select * from {{ ref('stg_products') }}

),

{{ product_ids() }},

numbered as (

    select
        split,
        product_key,
        review_id,
        row_number() over (
            partition by split, product_key
            order by reviewed_epoch desc, review_id desc
        ) as number_from_last

    from histories

),

chosen as (

    select
        product_key,
        review_id,
        {% for split in splits()[:-1] %}
        max(case when split = '{{ split }}' then 1 else 0 end) as {{ split }}_sees,
        {% endfor %}
        max(case when split = 'serve' then 1 else 0 end) as serve_sees

    from numbered
    where number_from_last <= {{ var('reviews_per_product_text') }}
    group by product_key, review_id

),

known as (

    select
        product_key,
        {% for split in fit_splits() %}
        max(case when split = '{{ split }}' then 1 else 0 end) as {{ split }}_sees,
        {% endfor %}
        max(case when split = 'test' then 1 else 0 end) as test_sees

    from numbered
    group by product_key

),

{# The products file has no dates, so that all but serve know its products by their reviews. #}
texts as (

    select
        chosen.product_key,
        chosen.review_id,
        substring(
            concat_ws(' | ', reviews.title, reviews.body),
            1,
            {{ var('characters_per_text') }}
        ) as text,
        {% for split in splits()[:-1] %}
        chosen.{{ split }}_sees,
        {% endfor %}
        chosen.serve_sees

    from chosen
    inner join reviews
        on chosen.review_id = reviews.review_id

    union all

    select
        product_ids.product_key,
        cast(0 as bigint) as review_id,
        substring(
            concat_ws(' | ', catalog.title, catalog.brand, catalog.categories),
            1,
            {{ var('characters_per_text') }}
        ) as text,
        {% for split in splits()[:-1] %}
        coalesce(known.{{ split }}_sees, 0) as {{ split }}_sees,
        {% endfor %}
        1 as serve_sees

    from product_ids
    inner join catalog
        on product_ids.product_id = catalog.product_id
    left join known
        on product_ids.product_key = known.product_key

),

product_texts as (

    select
        product_key,
        review_id,
        text,
        {% for split in splits()[:-1] %}
        {{ split }}_sees = 1 as {{ split }}_sees,
        {% endfor %}
        serve_sees = 1 as serve_sees

    from texts
    where text != ''

)

select * from product_texts
