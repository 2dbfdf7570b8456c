{# The interval of a rate is Wilson's (Journal of the American Statistical Association 22, 1927),
   that of a difference Newcombe's, made of two of those (method 10, Statistics in Medicine 17,
   1998, p. 873), that of a ratio by its logarithm (Katz and others, Biometrics 34, 1978). All at
   95 %: {{ z }} standard deviations. #}
{%- set z = '1.959963985e0' %}
with

variants as (

    select * from {{ ref('experiment_variants') }}

),

exposed_users as (

    select * from {{ ref('exposed_users') }}

),

conversions as (

    select * from {{ ref('experiment_conversions') }}

),

kinds as (

    {% for kind in var('event_strengths') %}
    select '{{ kind }}' as metric
    {% if not loop.last %}

    union all

    {% endif %}
    {% endfor %}

),

exposed as (

    select
        experiment,
        variant,
        count(*) as exposed_users

    from exposed_users
    group by experiment, variant

),

converting as (

    select
        experiment,
        variant,
        kind,
        count(*) as converting_users,
        sum(event_count) as event_count

    from conversions
    group by experiment, variant, kind

),

counted as (

    select
        variants.experiment,
        variants.variant,
        kinds.metric,
        variants.is_control,
        coalesce(exposed.exposed_users, 0) as exposed_users,
        coalesce(converting.converting_users, 0) as converting_users,
        coalesce(converting.event_count, 0) as event_count,
        cast(exposed.exposed_users as double) as user_count,
        cast(coalesce(converting.converting_users, 0) as double) as hits

    from variants
    cross join kinds
    left join exposed
        on variants.experiment = exposed.experiment
        and variants.variant = exposed.variant
    left join converting
        on variants.experiment = converting.experiment
        and variants.variant = converting.variant
        and kinds.metric = converting.kind

),

halved as (

    select
        *,
        hits / user_count as rate,
        (hits + {{ z }} * {{ z }} / 2) / (user_count + {{ z }} * {{ z }}) as centre,
        {{ z }} / (user_count + {{ z }} * {{ z }})
        * sqrt(hits * (user_count - hits) / user_count + {{ z }} * {{ z }} / 4) as half_width

    from counted

),

rated as (

    select
        *,
        greatest(centre - half_width, 0e0) as rate_low,
        least(centre + half_width, 1e0) as rate_high

    from halved

),

controls as (

    select * from rated
    where is_control

),

{# `doubt`: the standard deviation of the logarithm of the ratio. #}
compared as (

    select
        rated.*,
        rated.rate - controls.rate as difference,
        rated.rate - controls.rate
        - sqrt(pow(rated.rate - rated.rate_low, 2) + pow(controls.rate_high - controls.rate, 2))
            as difference_low,
        rated.rate - controls.rate
        + sqrt(pow(rated.rate_high - rated.rate, 2) + pow(controls.rate - controls.rate_low, 2))
            as difference_high,
        rated.rate / nullif(controls.rate, 0) as ratio,
        sqrt(
            (1 - rated.rate) / nullif(rated.hits, 0)
            + (1 - controls.rate) / nullif(controls.hits, 0)
        ) as doubt

    from rated
    left join controls
        on rated.experiment = controls.experiment
        and rated.metric = controls.metric
        and not rated.is_control

),

lifts as (

    select
        experiment,
        variant,
        metric,
        is_control,
        cast(exposed_users as bigint) as exposed_users,
        cast(converting_users as bigint) as converting_users,
        cast(event_count as bigint) as event_count,
        rate,
        rate_low,
        rate_high,
        difference,
        difference_low,
        difference_high,
        ratio - 1 as lift,
        ratio * exp(-{{ z }} * doubt) - 1 as lift_low,
        ratio * exp({{ z }} * doubt) - 1 as lift_high

    from compared

)

select * from lifts
