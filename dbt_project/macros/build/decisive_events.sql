{# Events with their strength, by the family of their product: CTEs `events`, `families`, `kinds` and
   `weighed`. Products without a review are left out. #}
{% macro weighed_events() -%}
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
            cast(kinds.strength as float) as strength

        from events
        inner join kinds
            on events.kind = kinds.kind
        inner join families
            on events.product_id = families.product_id

    )
{%- endmacro %}


{# Of the events of each pair the one that decides: a dismissal if nothing came after it, else the
   first of the strongest kind. Its rating is the last one that was given, its first rating the last
   one that was given by then; a dismissal has none. CTEs up to `decisive`. `events` names a CTE as
   `weighed` is, and `pair` the columns that tell pairs apart. #}
{% macro decisive_events(events, pair) -%}
    events_so_far as (

        select
            *,
            row_number() over (
                partition by {{ pair | join(', ') }}
                order by occurred_epoch desc, seq desc
            ) as number_from_last,
            count(case when kind = 'rating' then 1 end) over (
                partition by {{ pair | join(', ') }}
                order by occurred_epoch, seq
                rows between unbounded preceding and current row
            ) as ratings_so_far,
            count(case when kind = 'rating' then 1 end) over (
                partition by {{ pair | join(', ') }}
            ) as rating_count

        from {{ events }}

    ),

    events_ranked as (

        select
            *,
            row_number() over (
                partition by {{ pair | join(', ') }}
                order by
                    case when number_from_last = 1 and kind = 'dismiss' then 0 else 1 end asc,
                    case when kind = 'dismiss' then 1 else 0 end asc,
                    strength desc,
                    occurred_epoch asc,
                    seq asc
            ) as place

        from events_so_far

    ),

    event_ratings as (

        select * from events_so_far
        where kind = 'rating'

    ),

    events_rated as (

        select
            {% for column in pair %}
            events_ranked.{{ column }},
            {% endfor %}
            events_ranked.occurred_epoch,
            events_ranked.seq,
            events_ranked.kind,
            events_ranked.strength,
            case when events_ranked.kind != 'dismiss' then known_ratings.rating end as first_rating,
            case when events_ranked.kind != 'dismiss' then last_ratings.rating end as rating,
            greatest(
                events_ranked.occurred_epoch,
                coalesce(last_ratings.occurred_epoch, events_ranked.occurred_epoch)
            ) as rated_epoch

        from events_ranked
        left join event_ratings as known_ratings
            on events_ranked.ratings_so_far = known_ratings.ratings_so_far
            {% for column in pair %}
            and events_ranked.{{ column }} = known_ratings.{{ column }}
            {% endfor %}
        left join event_ratings as last_ratings
            on events_ranked.rating_count = last_ratings.ratings_so_far
            {% for column in pair %}
            and events_ranked.{{ column }} = last_ratings.{{ column }}
            {% endfor %}
        where events_ranked.place = 1

    ),

    decisive as (

        select
            *,
            {{ is_wish('kind', 'rating') }} as is_positive,
            {{ review_id_of_event('seq') }} as review_id

        from events_rated

    )
{%- endmacro %}


{# The events that decided by the moment of a split, of what the split does not have in its history
   otherwise: CTEs up to `decisive`. CTEs `interactions`, `roles` and, by moments, `cutoffs` must be
   there. #}
{% macro events_by_the_moment() -%}
    {# What is still to come at the split's moment: the label, and all after it. #}
    to_come as (

        select
            {% if protocol() == 'temporal' %}
            cutoffs.split,
            cutoffs.history_until,
            {% else %}
            labels.split,
            labels.reviewed_epoch - 1 as history_until,
            {% endif %}
            interactions.user_key,
            interactions.product_key,
            interactions.user_id,
            interactions.product_id,
            interactions.user_bucket

        from interactions
        {% if protocol() == 'temporal' %}
        inner join cutoffs
            on interactions.reviewed_epoch > cutoffs.history_until
        {% else %}
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
    ) }}
{%- endmacro %}
