{{ config(post_hook="{{ check_cutoffs(this) }}") }}

{# The moments of the temporal protocol, by what may be a label: a look that became a purchase has
   the purchase's time, and would move the moments. Leave-last-out has none: each user has their
   own. Users of two windows are asked twice, at two moments. #}
{% set share_of_window = (
    (var('test_cutoff_quantile') - var('fit_cutoff_quantile')) / var('fit_cutoff_quantile')
) | round(9) %}
with

interactions as (

    select * from {{ ref('interactions') }}

),

strong as (

    select * from interactions
    where {{ may_be_label('strength') }}

),

moments as (

    select
        {% if var('fit_cutoff') %}
        max({{ epoch_of_text("'" ~ var('fit_cutoff') ~ "'") }}) as fit_cutoff,
        {% else %}
        percentile_disc({{ var('fit_cutoff_quantile') }}) within group (
            order by reviewed_epoch
        ) as fit_cutoff,
        {% endif %}
        {% if var('test_cutoff') %}
        max({{ epoch_of_text("'" ~ var('test_cutoff') ~ "'") }}) as test_cutoff
        {% else %}
        percentile_disc({{ var('test_cutoff_quantile') }}) within group (
            order by reviewed_epoch
        ) as test_cutoff
        {% endif %}

    from strong

),

ends as (

    select max(reviewed_epoch) as last_epoch
    from interactions

),

{# Earlier windows are as large a part of what is before the fit cut-off as the last one is by the
   quantiles: what comes later has no say in them. A moment is in one window. #}
of_moments as (

    select
        strong.reviewed_epoch,
        sum(count(*)) over (order by strong.reviewed_epoch) as so_far

    from strong
    inner join moments
        on strong.reviewed_epoch <= moments.fit_cutoff
    group by strong.reviewed_epoch

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
        count(distinct strong.user_key) as user_count

    from windows
    inner join strong
        on windows.history_until < strong.reviewed_epoch
        and windows.labels_until >= strong.reviewed_epoch
    where {{ is_wish('strong.kind', 'strong.first_rating') }}
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
        moments.test_cutoff as history_until,
        ends.last_epoch as labels_until
    from moments
    cross join ends

    union all

    select
        'serve' as split,
        last_epoch as history_until,
        last_epoch as labels_until
    from ends

)

select * from cutoffs
