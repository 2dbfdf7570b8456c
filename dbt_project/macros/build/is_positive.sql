{# Whether a rating tells of a wish. Without ratings every review does. #}
{% macro is_positive(rating) -%}
    coalesce({{ rating }} > {{ var('negative_rating_max') }}, true)
{%- endmacro %}


{# Whether an interaction tells of a wish: a review or an event by its rating, a dismissal never. #}
{% macro is_wish(kind, rating) -%}
    {{ is_positive(rating) }} and coalesce({{ kind }} != 'dismiss', true)
{%- endmacro %}


{# Whether a wish is one that lists are judged by: a look at a product is a faint one. #}
{% macro may_be_label(strength) -%}
    coalesce({{ strength }} >= {{ var('label_min_strength') }}, true)
{%- endmacro %}


{# Whether a user is through with a product. What they only looked at may be recommended. #}
{% macro is_settled(kind) -%}
    coalesce({{ kind }} in ('review', 'purchase', 'rating', 'dismiss'), true)
{%- endmacro %}
