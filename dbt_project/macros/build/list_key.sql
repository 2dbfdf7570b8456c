{# A list is what one user is recommended in one split. Its number, of a user's key and the split:
   what multiplies is joined and grouped by it, in 0.6 of the time that the two columns take. Keys of
   users are below 2^28. #}
{% macro list_key(split, user_key) -%}
    {{ number_of_split(split) }} * 268435456 + {{ user_key }}
{%- endmacro %}


{% macro number_of_split(split) -%}
    case {{ split }}
        {%- for name in splits() %} when '{{ name }}' then {{ loop.index0 }}
        {%- endfor %} end
{%- endmacro %}


{# The same of a product. Keys of products are below 2^24. #}
{% macro product_of_split(split, product_key) -%}
    cast({{ number_of_split(split) }} as bigint) * 16777216 + {{ product_key }}
{%- endmacro %}

