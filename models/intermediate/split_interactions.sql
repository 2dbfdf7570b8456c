{# The one model that decides which interaction a split may see (`history`) and which it is
   judged by (`label`). Everything downstream reads it, and no other model reads `interactions`
   to compute a feature. What a user came to think of a product later is not seen either: a
   split knows the last rating given by its cut-off. #}
{% set columns = [
    'split', 'role', 'user_key', 'product_key', 'user_bucket', 'reviewed_epoch', 'rating',
    'is_positive', 'text_length', 'helpful_votes', 'total_votes', 'is_verified', 'review_id',
    'kind', 'strength',
] %}
with

interactions as (

    select * from {{ ref('interactions') }}

),

{% if protocol() == 'temporal' %}

cutoffs as (

    select * from {{ ref('split_cutoffs') }}

),

later_ratings as (

    select * from {{ ref('later_ratings') }}

),

numbered_ratings as (

    select
        cutoffs.split,
        later_ratings.user_key,
        later_ratings.product_key,
        later_ratings.rating,
        row_number() over (
            partition by cutoffs.split, later_ratings.user_key, later_ratings.product_key
            order by later_ratings.rated_epoch desc, later_ratings.review_id desc
        ) as number_from_last

    from later_ratings
    inner join cutoffs
        on later_ratings.rated_epoch <= cutoffs.history_until

),

known as (

    select
        cutoffs.split,
        cutoffs.history_until,
        cutoffs.labels_until,
        interactions.*,
        coalesce(numbered_ratings.rating, interactions.first_rating) as known_rating

    from interactions
    cross join cutoffs
    left join numbered_ratings
        on cutoffs.split = numbered_ratings.split
        and interactions.user_key = numbered_ratings.user_key
        and interactions.product_key = numbered_ratings.product_key
        and numbered_ratings.number_from_last = 1

),

roles as (

    select
        *,
        {{ is_wish('kind', 'known_rating') }} as was_positive,
        case
            when reviewed_epoch <= history_until then 'history'
            when reviewed_epoch <= labels_until
                and {{ is_wish('kind', 'known_rating') }}
                and {{ may_be_label('strength') }} then 'label'
        end as role

    from known

),

{% else %}

{{ roles_by_last_wishes() }},

{% endif %}

{{ events_by_the_moment() }},

seen as (

    select
        split,
        role,
        user_key,
        product_key,
        user_id,
        product_id,
        user_bucket,
        reviewed_epoch,
        position,
        known_rating as rating,
        was_positive as is_positive,
        text_length,
        helpful_votes,
        total_votes,
        is_verified,
        review_id,
        coalesce(kind, 'review') as kind,
        cast(coalesce(strength, 1) as float) as strength

    from roles
    where role is not null

),

users_with_more as (

    select
        split,
        user_key

    from decisive
    group by split, user_key

),

{# Their histories are put into order anew. #}
longer as (

    select seen.*
    from seen
    semi join users_with_more
        on seen.split = users_with_more.split
        and seen.user_key = users_with_more.user_key
    where seen.role = 'history'

    union all

    select
        split,
        'history' as role,
        user_key,
        product_key,
        user_id,
        product_id,
        user_bucket,
        occurred_epoch as reviewed_epoch,
        cast(null as int) as position,
        rating,
        is_positive,
        0 as text_length,
        0 as helpful_votes,
        0 as total_votes,
        false as is_verified,
        review_id,
        kind,
        strength

    from decisive

),

{# What a user was through with by then is not to be recommended: no label, though a review of it
   came later. #}
settled as (

    select
        split,
        user_key,
        product_key

    from decisive
    where {{ is_settled('kind') }}

),

split_interactions as (

    select
        {% for column in columns %}
        seen.{{ column }},
        {% endfor %}
        seen.position

    from seen
    anti join users_with_more
        on seen.split = users_with_more.split
        and seen.user_key = users_with_more.user_key
        and seen.role = 'history'
    anti join settled
        on seen.split = settled.split
        and seen.user_key = settled.user_key
        and seen.product_key = settled.product_key
        and seen.role = 'label'

    union all

    select
        {% for column in columns %}
        {{ column }},
        {% endfor %}
        cast(row_number() over (
            partition by split, user_key
            order by {{ order_of_history('longer') }}
        ) as int) as position

    from longer

)

select * from split_interactions
