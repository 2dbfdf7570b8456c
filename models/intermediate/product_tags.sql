{# The words that a catalogue has for a product: its brand and the parts of its category path,
   each weighing by how much it tells apart (inverse document frequency), unit length. #}
with

catalog as (

    select * from {{ ref('stg_products') }}

),

{{ product_ids() }},

tagged as (

    select
        product_ids.product_key,
        concat('brand: ', catalog.brand) as tag

    from product_ids
    inner join catalog
        on product_ids.product_id = catalog.product_id
    where catalog.brand is not null

    union all

    select
        product_ids.product_key,
        {{ parts_of('catalog.categories') }} as tag

    from product_ids
    inner join catalog
        on product_ids.product_id = catalog.product_id
    where catalog.categories is not null

),

distinct_tags as (

    select
        product_key,
        lower(trim(tag)) as tag

    from tagged
    where trim(tag) not in ('', 'Unknown')
    group by product_key, lower(trim(tag))

),

catalog_size as (

    select count(distinct product_key) as product_count
    from distinct_tags

),

rarity as (

    select
        distinct_tags.tag,
        ln((1e0 + max(catalog_size.product_count)) / (1e0 + count(*))) + 1e0 as rarity

    from distinct_tags
    cross join catalog_size
    group by distinct_tags.tag

),

lengths as (

    select
        distinct_tags.product_key,
        sqrt({{ exact_sum('rarity.rarity * rarity.rarity') }}) as length

    from distinct_tags
    inner join rarity
        on distinct_tags.tag = rarity.tag
    group by distinct_tags.product_key

),

weighted as (

    select
        distinct_tags.product_key,
        distinct_tags.tag,
        rarity.rarity / lengths.length as weight

    from distinct_tags
    inner join rarity
        on distinct_tags.tag = rarity.tag
    inner join lengths
        on distinct_tags.product_key = lengths.product_key

)

select * from weighted
