{# What a user's history is sorted by. Files with dates alone have many equal moments, and their
   lines may lie in an order that nobody could have known then: `shuffled` takes that order away.
   The order of md5 is as good as chance, differs from user to user, and is the same in every
   run. #}
{% macro order_of_history(relation) -%}
    {{ relation }}.reviewed_epoch,
    {% if same_day_order() == 'shuffled' %}
    md5(concat({{ relation }}.user_id, {{ relation }}.product_id)),
    {% endif %}
    {{ relation }}.review_id
{%- endmacro %}
