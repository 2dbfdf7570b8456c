{# The few terms that set a product apart, for people to read: the heaviest of its vector, a word
   only where no pair of words says it with more ("gluten free", then not "gluten"). #}
with

weights as (

    select * from {{ ref('product_term_weights') }}
    where term_rank <= 12

),

{{ product_ids() }},

{# Reviewers quote ids, which say nothing to a reader. #}
readable as (

    select weights.*
    from weights
    inner join product_ids
        on weights.product_key = product_ids.product_key
    where weights.term != lower(product_ids.product_id)

),

repeated as (

    select distinct
        readable.split,
        readable.product_key,
        readable.term

    from readable
    inner join readable as pair_of_words
        on readable.split = pair_of_words.split
        and readable.product_key = pair_of_words.product_key
        and readable.term != pair_of_words.term
        and concat(' ', pair_of_words.term, ' ') like concat('% ', readable.term, ' %')

),

numbered as (

    select
        readable.split,
        readable.product_key,
        readable.term,
        readable.weight,
        cast(row_number() over (
            partition by readable.split, readable.product_key
            order by readable.term_rank
        ) as int) as term_rank

    from readable
    left join repeated
        on readable.split = repeated.split
        and readable.product_key = repeated.product_key
        and readable.term = repeated.term
    where repeated.term is null

),

product_terms as (

    select
        split,
        product_key,
        term_rank,
        term,
        weight

    from numbered
    where term_rank <= 5

)

select * from product_terms
