{# The one model that decides which interaction a split may see (`history`) and which it is
   judged by (`label`). Everything downstream reads it, and no other model reads `interactions`
   to compute a feature. What a user came to think of a product later is not seen either: a
   split knows the last rating only if it was given by its cut-off, else the first. #}
with

interactions as (

    select * from {{ ref('interactions') }}

),

{% if protocol() == 'temporal' %}

cutoffs as (

    select * from {{ ref('split_cutoffs') }}

),

known as (

    select
        cutoffs.split,
        cutoffs.history_until,
        cutoffs.labels_until,
        interactions.*,
        case
            when interactions.rated_epoch <= cutoffs.history_until then interactions.rating
            else interactions.first_rating
        end as known_rating

    from interactions
    cross join cutoffs

),

roles as (

    select
        *,
        {{ is_positive('known_rating') }} as was_positive,
        case
            when reviewed_epoch <= history_until then 'history'
            when reviewed_epoch <= labels_until
                and {{ is_positive('known_rating') }} then 'label'
        end as role

    from known

),

{% else %}

{# How many positives, this one among them, the user still has to come. #}
counted as (

    select
        *,
        {{ is_positive('first_rating') }} as first_is_positive,
        sum(case when {{ is_positive('first_rating') }} then 1 else 0 end) over (
            partition by user_key
            order by position desc
            rows between unbounded preceding and current row
        ) as positives_to_come

    from interactions

),

splits as (

    select
        'fit' as split,
        2 as label_from_last

    union all

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
                and not counted.first_is_positive then 'history'
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
        is_verified

    from roles
    where role is not null

)

select * from seen
