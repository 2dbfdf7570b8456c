{# How much a term tells products apart: the rarer, the more (inverse document frequency). What
   only one product's texts have likens it to nothing; what half of them have, to everything. #}
with

product_words as (

    select * from {{ ref('product_words') }}

),

{% for split in splits() %}

{{ split }}_terms as (

    select
        '{{ split }}' as split,
        term,
        count(*) as product_count

    from product_words
    where {{ split }}_count > 0
    group by term
    having count(*) >= 2

),

{{ split }}_products as (

    select
        '{{ split }}' as split,
        count(distinct product_key) as product_total

    from product_words
    where {{ split }}_count > 0

),

{% endfor %}

terms as (

    {% for split in splits() %}
    select * from {{ split }}_terms
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

totals as (

    {% for split in splits() %}
    select * from {{ split }}_products
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

numbered as (

    select
        terms.*,
        totals.product_total,
        row_number() over (
            partition by terms.split
            order by terms.product_count desc, terms.term asc
        ) as place

    from terms
    inner join totals
        on terms.split = totals.split
    where terms.product_count <= greatest(2, 0.5e0 * totals.product_total)

),

rarity as (

    select
        split,
        term,
        cast(product_count as int) as product_count,
        {{ sort_key('ln((1e0 + product_total) / (1e0 + product_count)) + 1e0') }} as rarity

    from numbered
    where place <= {{ var('terms_at_most') }}

)

select * from rarity
