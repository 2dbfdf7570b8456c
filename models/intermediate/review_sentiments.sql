{# How well-disposed a review sounds: the mean polarity of its words, each counted once. #}
with

histories as (

    select * from {{ ref('histories') }}
    where split = 'serve'

),

reviews as (

    select * from {{ ref('reviews') }}

),

polarities as (

    select * from {{ ref('sentiment_terms') }}

),

words as (

    select
        reviews.review_id,
        {{ each_of(distinct_of(words_of(
            "substring(concat_ws(' | ', reviews.title, reviews.body), 1, 1000)"
        ))) }} as term

    from histories
    inner join reviews
        on histories.review_id = reviews.review_id

),

sentiments as (

    select
        words.review_id,
        cast(count(*) as int) as term_count,
        cast({{ exact_sum('polarities.polarity') }} / count(*) as float) as sentiment

    from words
    inner join polarities
        on words.term = polarities.term
    group by words.review_id

)

select * from sentiments
