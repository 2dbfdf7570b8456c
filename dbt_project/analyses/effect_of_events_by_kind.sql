{# What do events change? One row per kind of event: how many came in, how many users and products
   they are about, how many became the interaction that counts, and how many places on lists are
   because of one. dbt show -s effect_of_events_by_kind #}
with

kinds as (

    {% for kind in var('event_strengths') %}
    select '{{ kind }}' as kind
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

events as (

    select
        kind,
        count(*) as event_count,
        count(distinct user_id) as user_count,
        count(distinct product_id) as product_count,
        count(recommendation_id) as after_a_recommendation

    from {{ ref('stg_events') }}
    group by kind

),

interactions as (

    select * from {{ ref('interactions') }}

),

taken_in as (

    select
        kind,
        count(*) as interaction_count

    from interactions
    group by kind

),

{# A place is because of the interaction that the user is told of. #}
because_of as (

    select
        interactions.kind,
        count(*) as place_count,
        count(distinct interactions.user_id) as users_with_such_places

    from {{ source('ranker', 'recommendations') }} as recommendations
    inner join interactions
        on recommendations.user_id = interactions.user_id
        and recommendations.because_of_product_id = interactions.product_id
    group by interactions.kind

),

effects as (

    select
        kinds.kind,
        coalesce(events.event_count, 0) as event_count,
        coalesce(events.user_count, 0) as user_count,
        coalesce(events.product_count, 0) as product_count,
        coalesce(events.after_a_recommendation, 0) as after_a_recommendation,
        coalesce(taken_in.interaction_count, 0) as interaction_count,
        coalesce(because_of.place_count, 0) as places_because_of,
        coalesce(because_of.users_with_such_places, 0) as users_with_such_places

    from kinds
    left join events
        on kinds.kind = events.kind
    left join taken_in
        on kinds.kind = taken_in.kind
    left join because_of
        on kinds.kind = because_of.kind

)

select * from effects
order by event_count desc, kind asc
