{# A list is what one user is recommended in one split. Its number, of a user's key and the split:
   what multiplies is joined and grouped by it, in 0.6 of the time that the two columns take. Keys of
   users are below 2^28. #}
{% macro list_key(split, user_key) -%}
    {{ number_of_split(split) }} * 268435456 + {{ user_key }}
{%- endmacro %}


{# The number of a split, from 0. #}
{% macro number_of_split(split) -%}
    case {{ split }}
        {%- for name in splits() %} when '{{ name }}' then {{ loop.index0 }}
        {%- endfor %} end
{%- endmacro %}


{# One number of a product and of a split, which is given by its own number. Keys of products are
   below 2^24. #}
{% macro product_of_split(number, product_key) -%}
    cast({{ number }} as bigint) * 16777216 + {{ product_key }}
{%- endmacro %}
