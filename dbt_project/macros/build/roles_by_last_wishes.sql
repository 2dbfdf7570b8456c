{# Under leave-last-out, the role that each interaction has in each split: CTEs up to `roles`. A CTE
   `interactions` must be there. #}
{% macro roles_by_last_wishes() -%}
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

    )
{%- endmacro %}
