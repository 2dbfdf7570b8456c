{# What DuckDB and Spark write differently. Models call these and stay the same on both. #}

{# Sums that do not depend on the order of addition, so that ties and cut-offs at a top-n
   come out the same in every run and on every engine: nine decimals, then a double. #}
{% macro exact_sum(expression) -%}
    cast(sum(cast({{ expression }} as decimal(18, 9))) as double)
{%- endmacro %}


{# The same in less time, for sums that stay below nine million, as those of one user or of two
   products do: whole numbers of 1e-9, which doubles add exactly up to 2^53. #}
{% macro exact_small_sum(expression) -%}
    (sum(round(({{ expression }}) * 1e9)) / 1e9)
{%- endmacro %}


{# Sort keys made of double arithmetic are rounded, for the same reason. #}
{% macro sort_key(expression) -%}
    round({{ expression }}, 9)
{%- endmacro %}


{# One whole number that orders by a score, to so many decimals, and equal scores by who was
   there first: the smaller key has the larger number. One key to sort by lets DuckDB keep the
   first n of each group without sorting the rest (16 s became 7 s for 32 million rows).
   Scores are told apart up to 500 at nine decimals, keys up to 16 million.

   Keys of users need 28 bits, which leaves scores up to 30.

   It has all that it is made of. So what is to be ranked carries it alone: with the score and the key
   beside it, DuckDB takes twice as long. #}
{% macro order_key(score, key, decimals=9, bits=24) -%}
    {% set most = {24: '5e' ~ (11 - decimals), 28: '3e' ~ (10 - decimals)}[bits] -%}
    cast(round(least({{ score }}, {{ most }}) * 1e{{ decimals }}) as bigint) * {{ 2 ** bits }}
    + {{ 2 ** bits - 1 }} - {{ key }}
{%- endmacro %}


{# The key that an `order_key` was made of. #}
{% macro key_of_order(order_key, bits=24) -%}
    cast({{ 2 ** bits - 1 }} - ({{ order_key }} & {{ 2 ** bits - 1 }}) as int)
{%- endmacro %}


{# The score that it was made of, to its decimals. #}
{% macro score_of_order(order_key, decimals=9, bits=24) -%}
    {{ shifted_right(order_key, bits) }} / 1e{{ decimals }}
{%- endmacro %}


{# A whole number without its lowest bits; of a negative one, rounded down. #}
{% macro shifted_right(expression, bits) -%}
    {{ return(adapter.dispatch('shifted_right', 'rankmart')(expression, bits)) }}
{%- endmacro %}

{% macro default__shifted_right(expression, bits) -%}
    shiftright({{ expression }}, {{ bits }})
{%- endmacro %}

{% macro duckdb__shifted_right(expression, bits) -%}
    (({{ expression }}) >> {{ bits }})
{%- endmacro %}


{# The n highest values of a group as a list, the highest first. An aggregate: ranking the group to
   find them would sort it. #}
{% macro n_highest(expression, n) -%}
    {{ return(adapter.dispatch('n_highest', 'rankmart')(expression, n)) }}
{%- endmacro %}

{% macro default__n_highest(expression, n) -%}
    slice(sort_array(array_agg({{ expression }}), false), 1, {{ n }})
{%- endmacro %}

{% macro duckdb__n_highest(expression, n) -%}
    max({{ expression }}, {{ n }})
{%- endmacro %}


{# The n-th highest value of a group, or its lowest where there are fewer. #}
{% macro nth_highest(expression, n) -%}
    {{ return(adapter.dispatch('nth_highest', 'rankmart')(expression, n)) }}
{%- endmacro %}

{% macro default__nth_highest(expression, n) -%}
    array_min({{ n_highest(expression, n) }})
{%- endmacro %}

{% macro duckdb__nth_highest(expression, n) -%}
    list_min({{ n_highest(expression, n) }})
{%- endmacro %}


{# A CTE that is computed once, where it stands: `with tastes {{ as_it_stands() }} (…)`. The
   planner's guesses about joins of user, product and tag are off by thousands. #}
{% macro as_it_stands() -%}
    {{ return(adapter.dispatch('as_it_stands', 'rankmart')()) }}
{%- endmacro %}

{% macro default__as_it_stands() -%}
    as
{%- endmacro %}

{% macro duckdb__as_it_stands() -%}
    as materialized
{%- endmacro %}


{# 0 to 1023, the same number on every engine. #}
{% macro bucket_of(expression) -%}
    {{ return(adapter.dispatch('bucket_of', 'rankmart')(expression)) }}
{%- endmacro %}

{% macro default__bucket_of(expression) -%}
    cast(conv(substring(md5({{ expression }}), 1, 4), 16, 10) as int) % 1024
{%- endmacro %}

{% macro duckdb__bucket_of(expression) -%}
    cast(cast('0x' || substring(md5({{ expression }}), 1, 4) as int) % 1024 as int)
{%- endmacro %}


{# 0 to 9999 for a user under a salt, the same number on every engine and in
   `rankmart.experiments`. #}
{% macro slot_of(salt, user_id) -%}
    {{ return(adapter.dispatch('slot_of', 'rankmart')(salt, user_id)) }}
{%- endmacro %}

{% macro default__slot_of(salt, user_id) -%}
    cast(
        cast(conv(substring(md5(concat({{ salt }}, ':', {{ user_id }})), 1, 8), 16, 10) as bigint)
        % 10000 as int
    )
{%- endmacro %}

{% macro duckdb__slot_of(salt, user_id) -%}
    cast(
        cast('0x' || substring(md5(concat({{ salt }}, ':', {{ user_id }})), 1, 8) as bigint)
        % 10000 as int
    )
{%- endmacro %}


{% macro to_timestamp_of(epoch) -%}
    {{ return(adapter.dispatch('to_timestamp_of', 'rankmart')(epoch)) }}
{%- endmacro %}

{% macro default__to_timestamp_of(epoch) -%}
    timestamp_seconds({{ epoch }})
{%- endmacro %}

{% macro duckdb__to_timestamp_of(epoch) -%}
    make_timestamp({{ epoch }} * 1000000)
{%- endmacro %}


{# Seconds since 1970 of a date or timestamp in text, UTC unless it says its offset; null where
   it is none. #}
{% macro epoch_of_text(expression) -%}
    {{ return(adapter.dispatch('epoch_of_text', 'rankmart')(expression)) }}
{%- endmacro %}

{% macro default__epoch_of_text(expression) -%}
    unix_timestamp(try_cast({{ expression }} as timestamp))
{%- endmacro %}

{% macro duckdb__epoch_of_text(expression) -%}
    try_cast(floor(case
        when regexp_matches({{ expression }}, ':[0-9.]+ ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$')
            then epoch(try_cast({{ expression }} as timestamp with time zone))
        else epoch(try_cast({{ expression }} as timestamp))
    end) as bigint)
{%- endmacro %}


{# Seconds since 1970, now. #}
{% macro epoch_now() -%}
    {{ return(adapter.dispatch('epoch_now', 'rankmart')()) }}
{%- endmacro %}

{% macro default__epoch_now() -%}
    unix_timestamp()
{%- endmacro %}

{% macro duckdb__epoch_now() -%}
    cast(floor(epoch(current_timestamp)) as bigint)
{%- endmacro %}


{% macro regexp_replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'rankmart')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{% macro duckdb__regexp_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}


{# Tabs and line breaks as spaces: an id is one line. #}
{% macro one_line(expression) -%}
    {{ regexp_replace_all(expression, '[ \\t\\r\\n]+', ' ') }}
{%- endmacro %}


{# Text as a reader sees it: tags become spaces, the common entities their characters,
   runs of white space one space. Empty text is null. #}
{% macro plain_text(expression) -%}
    {%- set no_tags = regexp_replace_all(expression, '<[^<>]*>', ' ') -%}
    {%- set entities = [
        ('&quot;', '"'), ('&#34;', '"'), ('&#39;', "''"), ('&apos;', "''"),
        ('&lt;', '<'), ('&gt;', '>'), ('&nbsp;', ' '), ('&amp;', '&'),
    ] -%}
    {%- set text = namespace(sql=no_tags) -%}
    {%- for entity, character in entities -%}
        {%- set text.sql = "replace(" ~ text.sql ~ ", '" ~ entity ~ "', '" ~ character ~ "')" -%}
    {%- endfor -%}
    nullif(trim({{ regexp_replace_all(text.sql, '[ \t\r\n]+', ' ') }}), '')
{%- endmacro %}


{# Seconds since 1970 at the start of a year, as a number. #}
{% macro epoch_of_year(year) -%}
    {{ return((modules.datetime.datetime(year | int, 1, 1)
        - modules.datetime.datetime(1970, 1, 1)).days * 86400) }}
{%- endmacro %}


{# One row for each part of a text that is split at `|`. #}
{% macro parts_of(expression) -%}
    {{ return(adapter.dispatch('parts_of', 'rankmart')(expression)) }}
{%- endmacro %}

{% macro default__parts_of(expression) -%}
    explode(split({{ expression }}, '[|]'))
{%- endmacro %}

{% macro duckdb__parts_of(expression) -%}
    unnest(string_split({{ expression }}, '|'))
{%- endmacro %}


{# The last part of a text that is split at `|`. #}
{% macro last_part_of(expression) -%}
    {{ return(adapter.dispatch('last_part_of', 'rankmart')(expression)) }}
{%- endmacro %}

{% macro default__last_part_of(expression) -%}
    substring_index({{ expression }}, '|', -1)
{%- endmacro %}

{% macro duckdb__last_part_of(expression) -%}
    split_part({{ expression }}, '|', -1)
{%- endmacro %}


{# The numbers 1 to n as a table with one column. #}
{% macro numbers_to(n, column) -%}
    (
        {% for number in range(1, n + 1) -%}
        select {{ number }} as {{ column }}{{ ' union all ' if not loop.last }}
        {% endfor -%}
    )
{%- endmacro %}


{# The words of a text in lower case, as a list: letters and digits, apostrophes within. Marks
   that part phrases are elements of their own, so that no pair of words reaches over them. #}
{% macro words_of(text) -%}
    {{ return(adapter.dispatch('words_of', 'rankmart')(text)) }}
{%- endmacro %}

{% macro default__words_of(text) -%}
    regexp_extract_all(lower({{ text }}), '[\\\\p{L}\\\\p{N}]+(?:\\'\\\\p{L}+)*|[|.,;:!?()]', 0)
{%- endmacro %}

{% macro duckdb__words_of(text) -%}
    regexp_extract_all(lower({{ text }}), '[\p{L}\p{N}]+(?:''\p{L}+)*|[|.,;:!?()]')
{%- endmacro %}


{# One row for each word of a list, with the one after it, null after the last. #}
{% macro words_in_pairs(words) -%}
    {{ return(adapter.dispatch('words_in_pairs', 'rankmart')(words)) }}
{%- endmacro %}

{% macro default__words_in_pairs(words) -%}
    inline(arrays_zip({{ words }}, slice({{ words }}, 2, size({{ words }})))) as (word, next_word)
{%- endmacro %}

{% macro duckdb__words_in_pairs(words) -%}
    unnest({{ words }}) as word,
    unnest({{ words }}[2:]) as next_word
{%- endmacro %}


{# Whether a word is made of digits alone. #}
{% macro is_number(word) -%}
    {{ return(adapter.dispatch('is_number', 'rankmart')(word)) }}
{%- endmacro %}

{% macro default__is_number(word) -%}
    {{ word }} rlike '^[0-9]+$'
{%- endmacro %}

{% macro duckdb__is_number(word) -%}
    regexp_matches({{ word }}, '^[0-9]+$')
{%- endmacro %}


{# One row for each element of a list, with its place from 1. #}
{% macro numbered_elements(expression, element, place) -%}
    {{ return(adapter.dispatch('numbered_elements', 'rankmart')(expression, element, place)) }}
{%- endmacro %}

{% macro default__numbered_elements(expression, element, place) -%}
    inline(transform({{ expression }}, (element, position) -> struct(element, position + 1)))
        as ({{ element }}, {{ place }})
{%- endmacro %}

{% macro duckdb__numbered_elements(expression, element, place) -%}
    unnest({{ expression }}) as {{ element }},
    unnest(range(1, len({{ expression }}) + 1)) as {{ place }}
{%- endmacro %}


{# An aggregate: the values as a list, in the order of their places. #}
{% macro list_in_order(expression, place) -%}
    {{ return(adapter.dispatch('list_in_order', 'rankmart')(expression, place)) }}
{%- endmacro %}

{% macro default__list_in_order(expression, place) -%}
    transform(
        array_sort(collect_list(struct({{ place }} as place, cast({{ expression }} as float) as value))),
        item -> item.value
    )
{%- endmacro %}

{% macro duckdb__list_in_order(expression, place) -%}
    list(cast({{ expression }} as float) order by {{ place }})
{%- endmacro %}


{# The inner product of two lists of numbers of the same length. #}
{% macro inner_product(one, other) -%}
    {{ return(adapter.dispatch('inner_product', 'rankmart')(one, other)) }}
{%- endmacro %}

{% macro default__inner_product(one, other) -%}
    aggregate(zip_with({{ one }}, {{ other }}, (x, y) -> x * y), 0e0, (total, x) -> total + x)
{%- endmacro %}

{% macro duckdb__inner_product(one, other) -%}
    list_inner_product({{ one }}, {{ other }})
{%- endmacro %}


{# A list without its repetitions, in any order. #}
{% macro distinct_of(list) -%}
    {{ return(adapter.dispatch('distinct_of', 'rankmart')(list)) }}
{%- endmacro %}

{% macro default__distinct_of(list) -%}
    array_distinct({{ list }})
{%- endmacro %}

{% macro duckdb__distinct_of(list) -%}
    list_distinct({{ list }})
{%- endmacro %}


{# One row for each element of a list. #}
{% macro each_of(list) -%}
    {{ return(adapter.dispatch('each_of', 'rankmart')(list)) }}
{%- endmacro %}

{% macro default__each_of(list) -%}
    explode({{ list }})
{%- endmacro %}

{% macro duckdb__each_of(list) -%}
    unnest({{ list }})
{%- endmacro %}


{# An aggregate: texts joined by commas, in the order of their places. #}
{% macro joined_in_order(expression, place) -%}
    {{ return(adapter.dispatch('joined_in_order', 'rankmart')(expression, place)) }}
{%- endmacro %}

{% macro default__joined_in_order(expression, place) -%}
    array_join(
        transform(
            array_sort(collect_list(struct({{ place }} as place, {{ expression }} as value))),
            item -> item.value
        ),
        ', '
    )
{%- endmacro %}

{% macro duckdb__joined_in_order(expression, place) -%}
    string_agg({{ expression }}, ', ' order by {{ place }})
{%- endmacro %}
