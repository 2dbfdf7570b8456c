{# Why was this recommended to that user? One row per recommendation, from its rank and score over
   what the ranker saw to the line of the file that it was recommended because of.

   dbt show -s why_recommended --vars '{user_id: AB12, product_id: B01}' --limit 20
   Without product_id it is the whole list, without user_id the list of the first user. #}
with

recommendations as (

    select * from {{ source('ranker', 'recommendations') }}

),

{# The user who is asked about, or who comes first. #}
asked_user as (

    select min(user_id) as user_id from recommendations
    {% if var('user_id', '') %}
    where user_id = {{ quote_text(var('user_id')) }}
    {% endif %}

),

asked as (

    select recommendations.*
    from recommendations
    inner join asked_user
        on recommendations.user_id = asked_user.user_id
    {% if var('product_id', '') %}
    where recommendations.product_id = {{ quote_text(var('product_id')) }}
    {% endif %}

),

users as (

    select * from {{ ref('users') }}

),

products as (

    select * from {{ ref('products') }}

),

features as (

    select * from {{ ref('user_product_features') }}
    where split = 'serve'

),

interactions as (

    select * from {{ ref('interactions') }}

),

reviews as (

    select * from {{ ref('reviews') }}

),

raw_reviews as (

    select * from {{ source('raw', 'reviews') }}

),

explained as (

    select
        asked.rank,
        asked.product_id,
        products.title,
        asked.score,
        asked.source,
        asked.reason_type,
        features.co_visited_rank,
        features.support,
        features.association_sum,
        features.product_interactions,
        asked.because_of_product_id,
        because_of.title as because_of_title,
        interactions.reviewed_at as because_of_reviewed_at,
        reviews.source_file,
        reviews.source_line,
        raw_reviews.rating as raw_rating,
        raw_reviews.reviewed_at as raw_time,
        raw_reviews.title as raw_title

    from asked
    inner join users
        on asked.user_id = users.user_id
    inner join products
        on asked.product_id = products.product_id
    left join features
        on users.user_key = features.user_key
        and products.product_key = features.product_key
    left join interactions
        on features.user_key = interactions.user_key
        and features.because_of_key = interactions.product_key
    left join products as because_of
        on interactions.product_id = because_of.product_id
    left join reviews
        on interactions.review_id = reviews.review_id
    left join raw_reviews
        on reviews.source_file = raw_reviews.source_file
        and reviews.source_line = raw_reviews.source_line

)

select * from explained
order by rank
