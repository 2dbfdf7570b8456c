{# The bands of each trait in order: the first whose condition holds. #}
{% set bands_of = {
    'products in the history': [
        ('0', 'history_length = 0'),
        ('1', 'history_length = 1'),
        ('2 to 4', 'history_length < 5'),
        ('5 to 9', 'history_length < 10'),
        ('10 or more', 'true'),
    ],
    'days since the last review': [
        ('new user', 'quiet_days is null'),
        ('0 to 30', 'quiet_days <= 30'),
        ('31 to 365', 'quiet_days <= 365'),
        ('over a year', 'true'),
    ],
    'interactions of their products': [
        ('new user', 'popularity is null'),
        ('under 10', 'popularity < 10'),
        ('10 to 50', 'popularity < 50'),
        ('over 50', 'true'),
    ],
} %}
with

users as (

    select * from {{ ref('users') }}

),

user_stats as (

    select * from {{ ref('user_stats') }}
    where split = 'test'

),

{# Who is new in the test split has no stats. #}
traits as (

    select
        users.user_key,
        users.user_id,
        coalesce(user_stats.interaction_count, 0) as history_length,
        (user_stats.as_of - user_stats.last_epoch) / 86400e0 as quiet_days,
        exp(user_stats.log_popularity_mean) as popularity

    from users
    left join user_stats
        on users.user_key = user_stats.user_key

),

banded as (

    {% for trait, bands in bands_of.items() %}
    {% if not loop.first %}
    union all
    {% endif %}
    select
        user_key,
        user_id,
        '{{ trait }}' as trait,
        case
            {% for _, condition in bands %}
            when {{ condition }} then {{ loop.index0 }}
            {% endfor %}
        end as band_order,
        case
            {% for band, condition in bands %}
            when {{ condition }} then '{{ band }}'
            {% endfor %}
        end as band

    from traits
    {% endfor %}

),

user_bands as (

    select
        user_key,
        user_id,
        trait,
        cast(band_order as int) as band_order,
        band

    from banded

)

select * from user_bands
