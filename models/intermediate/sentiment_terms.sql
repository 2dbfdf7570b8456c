{# Which words go with good reviews and which with bad ones, learned from the reviews themselves:
   the logarithm of the odds of a review with the word against those of any review. Ten average
   reviews are added, so that a rare word proves little. From the history of the first label window
   alone, which every other split's history contains: one lexicon that tells no split what came later. Stop
   words stay in: "not" says much. Empty without ratings or without text. #}
with

histories as (

    select * from {{ ref('histories') }}

),

first_window as (

    select max(split) as split
    from histories
    where split not in ('test', 'serve')

),

reviews as (

    select * from {{ ref('reviews') }}

),

judged as (

    select
        case when reviews.rating >= 4 then 1 else 0 end as is_good,
        {{ distinct_of(words_of(
            "substring(concat_ws(' | ', reviews.title, reviews.body), 1, 1000)"
        )) }} as words

    from histories
    inner join first_window
        on histories.split = first_window.split
    inner join reviews
        on histories.review_id = reviews.review_id
    where reviews.rating >= 4
        or reviews.rating <= 2

),

totals as (

    select avg(is_good * 1e0) as good_share
    from judged

),

words as (

    select
        is_good,
        {{ each_of('words') }} as term

    from judged

),

counted as (

    select
        term,
        count(*) as review_count,
        sum(is_good) as good_count

    from words
    where length(term) between 2 and 30
        and not {{ is_number('term') }}
    group by term
    having count(*) >= {{ var('sentiment_min_reviews') }}

),

polar as (

    select
        counted.term,
        cast(counted.review_count as int) as review_count,
        {{ sort_key(
            'ln((counted.good_count + 10 * totals.good_share)'
            ~ ' / (counted.review_count - counted.good_count + 10 * (1 - totals.good_share)))'
            ~ ' - ln(totals.good_share / (1 - totals.good_share))'
        ) }} as polarity

    from counted
    cross join totals
    where totals.good_share > 0
        and totals.good_share < 1

)

select * from polar
