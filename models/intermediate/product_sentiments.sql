{# How well the reviews that a split sees speak of a product, by their words and not their stars.
   As with stars, ten reviews of the split's mean stand behind every mean. #}
with

histories as (

    select * from {{ ref('histories') }}

),

review_sentiments as (

    select * from {{ ref('review_sentiments') }}

),

heard as (

    select
        histories.split,
        histories.product_key,
        review_sentiments.sentiment,
        1 + coalesce(histories.helpful_votes, 0) as helpful_weight

    from histories
    inner join review_sentiments
        on histories.review_id = review_sentiments.review_id

),

means as (

    select
        split,
        {{ exact_sum('sentiment') }} / count(*) as mean_sentiment

    from heard
    group by split

),

summed as (

    select
        split,
        product_key,
        count(*) as review_count,
        {{ exact_sum('sentiment') }} as sentiment_sum,
        {{ exact_sum('helpful_weight') }} as helpful_weight,
        {{ exact_sum('sentiment * helpful_weight') }} as helpful_sum

    from heard
    group by split, product_key

),

sentiments as (

    select
        summed.split,
        summed.product_key,
        cast(summed.review_count as int) as review_count,
        {{ sort_key(
            '(summed.sentiment_sum + 10 * means.mean_sentiment) / (summed.review_count + 10)'
        ) }} as sentiment,
        {{ sort_key(
            '(summed.helpful_sum + 10 * means.mean_sentiment) / (summed.helpful_weight + 10)'
        ) }} as helpful_sentiment

    from summed
    inner join means
        on summed.split = means.split

)

select * from sentiments
