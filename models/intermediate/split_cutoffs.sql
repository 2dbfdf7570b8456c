{# The moments of the temporal protocol. Leave-last-out has none: each user has their own. Users of
   two windows are asked twice, at two moments. #}
{% set share_of_window = (
    (var('test_cutoff_quantile') - var('fit_cutoff_quantile')) / var('fit_cutoff_quantile')
) | round(9) %}
with

interactions as (

    select * from {{ ref('interactions') }}

),

moments as (

    select
        {% if var('fit_cutoff') %}
        {{ epoch_of_text("'" ~ var('fit_cutoff') ~ "'") }} as fit_cutoff,
        {% else %}
        percentile_disc({{ var('fit_cutoff_quantile') }}) within group (
            order by reviewed_epoch
        ) as fit_cutoff,
        {% endif %}
        {% if var('test_cutoff') %}
        {{ epoch_of_text("'" ~ var('test_cutoff') ~ "'") }} as test_cutoff,
        {% else %}
        percentile_disc({{ var('test_cutoff_quantile') }}) within group (
            order by reviewed_epoch
        ) as test_cutoff,
        {% endif %}
        max(reviewed_epoch) as last_epoch

    from interactions

),

{# Earlier windows are as large a part of what is before the fit cut-off as the last one is by the
   quantiles: what comes later has no say in them. A moment is in one window. #}
of_moments as (

    select
        interactions.reviewed_epoch,
        sum(count(*)) over (order by interactions.reviewed_epoch) as so_far

    from interactions
    inner join moments
        on interactions.reviewed_epoch <= moments.fit_cutoff
    group by interactions.reviewed_epoch

),

sizes as (

    select
        max(so_far) as until_fit,
        max(so_far) * {{ share_of_window }}e0 as of_window

    from of_moments

),

windows as (

    select
        1 as fit_window,
        'fit' as split,
        fit_cutoff as history_until,
        test_cutoff as labels_until
    from moments
    {% for split in fit_splits()[1:] %}

    union all

    select
        {{ loop.index + 1 }} as fit_window,
        '{{ split }}' as split,
        max(case
            when of_moments.so_far <= sizes.until_fit - {{ loop.index }} * sizes.of_window
                then of_moments.reviewed_epoch
        end) as history_until,
        max(case
            when of_moments.so_far <= sizes.until_fit - {{ loop.index - 1 }} * sizes.of_window
                then of_moments.reviewed_epoch
        end) as labels_until

    from of_moments
    cross join sizes
    {% endfor %}

),

labelled as (

    select
        windows.fit_window,
        count(distinct interactions.user_key) as user_count

    from windows
    inner join interactions
        on windows.history_until < interactions.reviewed_epoch
        and windows.labels_until >= interactions.reviewed_epoch
    where {{ is_wish('interactions.kind', 'interactions.first_rating') }}
        and {{ may_be_label('interactions.strength') }}
    group by windows.fit_window

),

counted as (

    select
        fit_window,
        sum(user_count) over (
            order by fit_window
            rows between unbounded preceding and 1 preceding
        ) as users_before

    from labelled

),

cutoffs as (

    select
        windows.split,
        windows.history_until,
        windows.labels_until

    from windows
    left join counted
        on windows.fit_window = counted.fit_window
    where windows.fit_window = 1
        or (
            windows.history_until < windows.labels_until
            and {{ is_fit_window('windows.fit_window', 'counted.users_before') }}
        )

    union all

    select
        'test' as split,
        test_cutoff as history_until,
        last_epoch as labels_until
    from moments

    union all

    select
        'serve' as split,
        last_epoch as history_until,
        last_epoch as labels_until
    from moments

)

select * from cutoffs
