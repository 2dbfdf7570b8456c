{# The one model that decides which interaction a split may see (`history`) and which it is
   judged by (`label`). Everything downstream reads it, and no other model reads `interactions`
   to compute a feature. #}
with

interactions as (

    select * from {{ ref('interactions') }}

),

{% if protocol() == 'temporal' %}

cutoffs as (

    select * from {{ ref('split_cutoffs') }}

),

roles as (

    select
        cutoffs.split,
        interactions.*,
        case
            when interactions.reviewed_epoch <= cutoffs.history_until then 'history'
            when interactions.reviewed_epoch <= cutoffs.labels_until
                and interactions.is_positive then 'label'
        end as role

    from interactions
    cross join cutoffs

),

{% else %}

{# How many positives, this one among them, the user still has to come. #}
counted as (

    select
        *,
        sum(case when is_positive then 1 else 0 end) over (
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
        case
            when counted.positives_to_come > splits.label_from_last then 'history'
            when counted.positives_to_come = splits.label_from_last
                and not counted.is_positive then 'history'
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
        rating,
        is_positive,
        text_length,
        helpful_votes,
        total_votes,
        is_verified

    from roles
    where role is not null

)

select * from seen
