{# Of all that a user did with a product, or a variant of it, the one event that decides: a
   dismissal if nothing came after it, else the first of the strongest kind. Its time is the
   pair's time, so that no split sees what came later. Products without a review are left out. #}
with

events as (

    select * from {{ ref('stg_events') }}

),

families as (

    select * from {{ ref('product_families') }}

),

kinds as (

    {% for kind, strength in var('event_strengths').items() %}
    select
        '{{ kind }}' as kind,
        {{ strength }} as strength
    {% if not loop.last %}

    union all

    {% endif %}
    {% endfor %}

),

weighed as (

    select
        events.user_id,
        families.family_id as product_id,
        events.occurred_epoch,
        events.seq,
        events.kind,
        events.rating,
        cast(kinds.strength as float) as strength,
        row_number() over (
            partition by events.user_id, families.family_id
            order by events.occurred_epoch desc, events.seq desc
        ) as number_from_last

    from events
    inner join kinds
        on events.kind = kinds.kind
    inner join families
        on events.product_id = families.product_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by user_id, product_id
            order by
                case when number_from_last = 1 and kind = 'dismiss' then 0 else 1 end asc,
                case when kind = 'dismiss' then 1 else 0 end asc,
                strength desc,
                occurred_epoch asc,
                seq asc
        ) as place

    from weighed

),

decisive as (

    select
        user_id,
        product_id,
        occurred_epoch,
        seq,
        kind,
        rating,
        strength,
        {{ is_wish('kind', 'rating') }} as is_positive,
        {{ review_id_of_event('seq') }} as review_id

    from ranked
    where place = 1

)

select * from decisive
