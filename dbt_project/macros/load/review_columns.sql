{# Which columns of the known sources mean what, all in lower case; the first that is there
   is taken. `var('reviews_columns')` comes before them. A field of JSON lines may be a path. #}
{% macro review_columns() -%}
    {% set known = {
        'user_id': [
            'user_id', 'userid', 'reviewerid', 'user', 'customer_id', 'customerid', 'reviewer_id',
        ],
        'product_id': [
            'product_id', 'productid', 'parent_asin', 'asin', 'item_id', 'itemid', 'item',
            'product', 'sku', 'product_asin',
        ],
        'reviewed_at': [
            'reviewed_at', 'time', 'timestamp', 'unixreviewtime', 'review_time', 'review_date',
            'ordered_at', 'order_date', 'created_at', 'event_time', 'date', 'datetime',
        ],
        'rating': ['rating', 'score', 'overall', 'stars', 'star_rating'],
        'title': ['summary', 'title', 'review_title', 'review_headline', 'headline'],
        'body': ['text', 'reviewtext', 'review_text', 'review_body', 'body', 'review'],
        'helpful_votes': [
            'helpfulnessnumerator', 'helpful_votes', 'helpful_vote', 'vote', 'helpful[0]',
        ],
        'total_votes': ['helpfulnessdenominator', 'total_votes', 'helpful[1]'],
        'verified': ['verified_purchase', 'verified'],
        'user_name': ['profilename', 'reviewername', 'user_name'],
    } %}
    {% set columns = {} %}
    {% for name, aliases in known.items() %}
        {% set own = var('reviews_columns').get(name) %}
        {% do columns.update({name: ([own | lower] if own else []) + aliases}) %}
    {% endfor %}
    {{ return(columns) }}
{%- endmacro %}


{# The same for the products file. #}
{% macro product_columns() -%}
    {{ return({
        'product_id': ['product_id', 'productid', 'parent_asin', 'asin', 'item_id', 'item', 'sku'],
        'title': ['title', 'product_title', 'name', 'product_name'],
        'brand': ['brand', 'store', 'manufacturer', 'maker'],
        'categories': ['categories', 'category', 'main_category', 'main_cat'],
        'price': ['price', 'list_price'],
    }) }}
{%- endmacro %}


{# The name of a source form, from its columns in lower case: for people, and for raw.files. #}
{% macro source_form(columns) -%}
    {% set signatures = [
        ('kaggle_fine_foods', ['productid', 'userid', 'score', 'time', 'profilename']),
        ('ucsd_2018', ['reviewerid', 'asin', 'overall', 'unixreviewtime', 'verified']),
        ('ucsd_2014', ['reviewerid', 'asin', 'overall', 'unixreviewtime']),
        ('mcauley_2023', ['user_id', 'parent_asin', 'rating', 'timestamp']),
    ] %}
    {% for name, signature in signatures %}
        {% if signature | reject('in', columns) | list | length == 0 %}
            {{ return(name) }}
        {% endif %}
    {% endfor %}
    {{ return('minimal') }}
{%- endmacro %}


{# Maps each meaning to the column of this file that has it; stops where a needed one lacks. #}
{% macro match_columns(path, found, dataset) -%}
    {% set known = review_columns() if dataset == 'reviews' else product_columns() %}
    {% set needed = ['user_id', 'product_id', 'reviewed_at'] if dataset == 'reviews'
        else ['product_id'] %}
    {% set by_lower = {} %}
    {% for column in found %}
        {% do by_lower.setdefault(column | lower, column) %}
    {% endfor %}
    {% set matched = {} %}
    {% for name, aliases in known.items() %}
        {% for alias in aliases if alias.split('[')[0] in by_lower and name not in matched %}
            {% set bracket = alias[alias.split('[')[0] | length:] %}
            {% do matched.update({name: by_lower[alias.split('[')[0]] ~ bracket}) %}
        {% endfor %}
    {% endfor %}
    {% set lacking = needed | reject('in', matched) | list %}
    {% if lacking %}
        {% set looked_for = [] %}
        {% for name in lacking %}
            {% do looked_for.append(name ~ ' (' ~ known[name] | join(', ') ~ ')') %}
        {% endfor %}
        {% do stop(
            path ~ " has no column for " ~ looked_for | join('; no column for ')
            ~ ".\nColumns found: " ~ (found | join(', ') or 'none') ~ ".\n"
            ~ (review_forms_known() if dataset == 'reviews' else product_forms_known())
        ) %}
    {% endif %}
    {{ return(matched) }}
{%- endmacro %}


{# What to do about a file of reviews that lacks a needed column. #}
{% macro review_forms_known() -%}
    {{ return(
        "Known forms: Kaggle Fine Foods (ProductId, UserId, Score, Time, ...),"
        ~ " UCSD 2014 and 2018 JSON lines (reviewerID, asin, overall, unixReviewTime, ...),"
        ~ " UCSD ratings without a header (user, item, rating, timestamp),"
        ~ " McAuley 2023 (user_id, parent_asin, rating, timestamp, ...),"
        ~ " or any CSV, JSON lines or Parquet with a user, a product and a time column."
        ~ "\nName yours: dbt run --vars '{reviews_columns: {user_id: ..., product_id: ...,"
        ~ " reviewed_at: ...}}'"
    ) }}
{%- endmacro %}


{# The same for the products file, whose columns no var names. #}
{% macro product_forms_known() -%}
    {{ return(
        "Name its columns " ~ product_columns() | join(', ') ~ " in the header (or as fields of"
        ~ " JSON lines); all but product_id may lack. If it is the file of reviews, set"
        ~ " RANKMART_REVIEWS to it and RANKMART_PRODUCTS to the file of products"
    ) }}
{%- endmacro %}
