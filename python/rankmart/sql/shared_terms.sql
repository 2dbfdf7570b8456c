-- One row per ranked product whose reason is `content` (`reasons.py`): up to three terms that are
-- said both of it and of the user's last products, those that weigh most. A word that is in a pair
-- of words is not said twice.

create or replace temp table shared_terms as
with

recommended as (

    select
        ranked.user_key,
        ranked.product_key

    from ranked
    inner join user_product_features as features
        on
            features.split = 'serve'
            and ranked.user_key = features.user_key
            and ranked.product_key = features.product_key
    where
        features.because_of_key is null
        and features.content_rank is not null

),

weights as (

    select
        product_key,
        term,
        weight

    from intermediate.product_term_weights
    where
        split = 'serve'
        and term_rank <= 20

),

said as (

    select
        recommended.user_key,
        recommended.product_key,
        weights.term,
        weights.weight

    from recommended
    left join weights
        on recommended.product_key = weights.product_key

),

heard as (

    select
        histories.user_key,
        weights.term,
        sum(weights.weight::decimal(18, 9)) as weight

    from intermediate.histories as histories
    inner join weights
        on histories.product_key = weights.product_key
    semi join recommended
        on histories.user_key = recommended.user_key
    where
        histories.split = 'serve'
        and histories.recency <= 20
    group by
        histories.user_key,
        weights.term

),

common as (

    select
        said.user_key,
        said.product_key,
        said.term,
        round(said.weight * heard.weight::double, 9) as weight

    from said
    inner join heard
        on
            said.user_key = heard.user_key
            and said.term = heard.term

),

repeated as (

    select distinct
        word.user_key,
        word.product_key,
        word.term

    from common as word
    inner join common as pair_of_words
        on
            word.user_key = pair_of_words.user_key
            and word.product_key = pair_of_words.product_key
            and word.term <> pair_of_words.term
            and contains(concat(' ', pair_of_words.term, ' '), concat(' ', word.term, ' '))

),

placed as (

    select
        common.user_key,
        common.product_key,
        common.term,
        row_number() over (
            partition by
                common.user_key,
                common.product_key
            order by
                common.weight desc,
                common.term asc
        ) as place

    from common
    anti join repeated
        on
            common.user_key = repeated.user_key
            and common.product_key = repeated.product_key
            and common.term = repeated.term

),

named as (

    select
        user_key,
        product_key,
        string_agg(term, ', ' order by place) as terms

    from placed
    where place <= 3
    group by
        user_key,
        product_key

)

select
    recommended.user_key,
    recommended.product_key,
    named.terms

from recommended
left join named
    on
        recommended.user_key = named.user_key
        and recommended.product_key = named.product_key
