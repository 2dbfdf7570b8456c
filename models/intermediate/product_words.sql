{{ config(materialized='bucketed') }}

{# Words and pairs of words that stand together in a product's texts, counted for each split. A
   word of the catalogue counts three times: it was chosen to say what the product is. #}
with

product_texts as (

    select * from {{ ref('product_texts') }}
    where {{ in_bucket('product_key % 1024') }}

),

words_of_texts as (

    select
        product_key,
        case when review_id = 0 then 3 else 1 end as weight,
        {% for split in splits() %}
        {{ split }}_sees,
        {% endfor %}
        {{ words_of('text') }} as words

    from product_texts

),

words as (

    select
        product_key,
        weight,
        {% for split in splits() %}
        {{ split }}_sees,
        {% endfor %}
        {{ words_in_pairs('words') }}

    from words_of_texts

),

{# Texts go up to the next stop word: "gluten free and" has one pair, "gluten free". #}
judged {{ as_it_stands() }} (

    select
        *,
        {{ is_telling('next_word') }} as next_is_telling

    from words
    where {{ is_telling('word') }}

),

terms as (

    select
        product_key,
        weight,
        {% for split in splits() %}
        {{ split }}_sees,
        {% endfor %}
        word as term

    from judged

    union all

    select
        product_key,
        weight,
        {% for split in splits() %}
        {{ split }}_sees,
        {% endfor %}
        concat(word, ' ', next_word) as term

    from judged
    where next_is_telling

),

counted as (

    select
        product_key,
        term,
        {% for split in splits()[:-1] %}
        cast(sum(case when {{ split }}_sees then weight else 0 end) as int) as {{ split }}_count,
        {% endfor %}
        cast(sum(case when serve_sees then weight else 0 end) as int) as serve_count

    from terms
    group by product_key, term

)

select * from counted
