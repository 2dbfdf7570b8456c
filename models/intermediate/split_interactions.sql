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

seen as (

    select
        split,
        role,
        user_key,
        product_key,
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

)

select * from seen
