{# The moments of the temporal protocol. Leave-last-out has none: each user has their own. #}
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

cutoffs as (

    select
        'fit' as split,
        fit_cutoff as history_until,
        test_cutoff as labels_until
    from moments

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
