{# The one model that decides which interaction a split may see (`history`) and which it is
   judged by (`label`). Everything downstream reads it, and no other model reads `interactions`
   to compute a feature. What a user came to think of a product later is not seen either: a
   split knows the last rating given by its cut-off. #}
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

{# How many positives, this one among them, the user still has to come. #}
counted as (

    select
        *,
        {{ is_wish('kind', 'first_rating') }} as first_is_positive,
        {{ is_wish('kind', 'first_rating') }} and {{ may_be_label('strength') }} as is_label,
        sum(case
            when {{ is_wish('kind', 'first_rating') }} and {{ may_be_label('strength') }} then 1
            else 0
        end) over (
            partition by user_key
            order by position desc
            rows between unbounded preceding and current row
        ) as positives_to_come

    from interactions

),

{# How many users have a label in each window: so many positives to come, and one thing before. #}
labelled as (

    select
        positives_to_come - 1 as fit_window,
        count(*) as user_count

    from counted
    where is_label
        and position > 1
        and positives_to_come between 2 and {{ fit_splits() | length + 1 }}
    group by positives_to_come

),

windows as (

    select
        fit_window,
        sum(user_count) over (
            order by fit_window
            rows between unbounded preceding and 1 preceding
        ) as users_before

    from labelled

),

splits as (

    {% for split in fit_splits() %}
    select
        '{{ split }}' as split,
        {{ loop.index + 1 }} as label_from_last
    {% if not loop.first %}
    from windows
    where fit_window = {{ loop.index }}
        and {{ is_fit_window('fit_window', 'users_before') }}
    {% endif %}

    union all

    {% endfor %}
    select
        'test' as split,
        1 as label_from_last

    union all

    select
        'serve' as split,
        0 as label_from_last

),

{# A first interaction is no label: there is nothing to predict it from. #}
roles as (

    select
        splits.split,
        counted.*,
        case when splits.split = 'serve' then counted.rating else counted.first_rating end
            as known_rating,
        case
            when splits.split = 'serve' then counted.is_positive
            else counted.first_is_positive
        end as was_positive,
        case
            when counted.positives_to_come > splits.label_from_last then 'history'
            when counted.positives_to_come = splits.label_from_last
                and not counted.is_label then 'history'
            when counted.positives_to_come = splits.label_from_last
                and counted.position > 1 then 'label'
            when counted.position = 1 then 'history'
        end as role

    from counted
    cross join splits

),

{% endif %}

{# What is still to come at the split's moment: the label, and all after it. #}
to_come as (

    {% if protocol() == 'temporal' %}
    select
        cutoffs.split,
        cutoffs.history_until,
        interactions.user_key,
        interactions.product_key,
        interactions.user_id,
        interactions.product_id,
        interactions.user_bucket

    from interactions
    inner join cutoffs
        on interactions.reviewed_epoch > cutoffs.history_until
    {% else %}
    select
        labels.split,
        labels.reviewed_epoch - 1 as history_until,
        interactions.user_key,
        interactions.product_key,
        interactions.user_id,
        interactions.product_id,
        interactions.user_bucket

    from interactions
    inner join roles as labels
        on interactions.user_key = labels.user_key
        and interactions.position >= labels.position
    where labels.role = 'label'
    {% endif %}

),

{{ weighed_events() }},

{# One event decides for a pair, and those before it are in no row of `interactions`. Who looked at
   a product and bought it after the moment had looked at it by then: without that, the looks of a
   history would be those alone that nothing came of, and tell so. #}
earlier as (

    select
        to_come.split,
        to_come.user_key,
        to_come.product_key,
        to_come.user_id,
        to_come.product_id,
        to_come.user_bucket,
        weighed.occurred_epoch,
        weighed.seq,
        weighed.kind,
        weighed.rating,
        weighed.strength

    from weighed
    inner join to_come
        on weighed.user_id = to_come.user_id
        and weighed.product_id = to_come.product_id
    where weighed.occurred_epoch <= to_come.history_until

),

{{ decisive_events(
    'earlier', ['split', 'user_key', 'product_key', 'user_id', 'product_id', 'user_bucket']
) }},

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
        seen.split,
        seen.role,
        seen.user_key,
        seen.product_key,
        seen.user_bucket,
        seen.reviewed_epoch,
        seen.position,
        seen.rating,
        seen.is_positive,
        seen.text_length,
        seen.helpful_votes,
        seen.total_votes,
        seen.is_verified,
        seen.review_id,
        seen.kind,
        seen.strength

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
        split,
        role,
        user_key,
        product_key,
        user_bucket,
        reviewed_epoch,
        cast(row_number() over (
            partition by split, user_key
            order by {{ order_of_history('longer') }}
        ) as int) as position,
        rating,
        is_positive,
        text_length,
        helpful_votes,
        total_votes,
        is_verified,
        review_id,
        kind,
        strength

    from longer

)

select * from split_interactions
