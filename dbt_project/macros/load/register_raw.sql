{# On-run-start: puts the files of reviews and products into the `raw` schema, as text and
   unjudged, with the file and line of each record; staging judges. Files that have not
   changed since they were last read are not read again. #}
{% macro register_raw() %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry'] %}
        {% do adapter.dispatch('register_raw', 'rankmart')() %}
    {% endif %}
{% endmacro %}


{% macro default__register_raw() %}
    {% do stop(
        "reading files on " ~ target.type ~ " is not built: fill raw.reviews, raw.products,"
        ~ " raw.malformed_lines and raw.files by a step of your own"
    ) %}
{% endmacro %}


{% macro duckdb__register_raw() %}
    {% do protocol() %}
    {% do same_day_order() %}
    {% for name in ['trending', 'popular'] if name not in var('generators') %}
        {% do stop("the var generators must have " ~ name ~ ": unknown users get it, and the gate"
            ~ " measures by it") %}
    {% endfor %}
    {% if not 0 < var('fit_cutoff_quantile') < var('test_cutoff_quantile') <= 1 %}
        {% do stop("fit_cutoff_quantile is " ~ var('fit_cutoff_quantile') ~ " and test_cutoff_quantile "
            ~ var('test_cutoff_quantile') ~ ": both lie between 0 and 1, the first one lower") %}
    {% endif %}
    {% if env_var('RANKMART_THREADS', '') | int > 0 %}
        {% do run_query('set threads = ' ~ env_var('RANKMART_THREADS') | int) %}
    {% endif %}
    {% do duckdb__create_raw_tables() %}
    {% if var('read_files') %}
        {% do duckdb__read_files() %}
    {% endif %}
{% endmacro %}


{% macro duckdb__read_files() %}
    {% set reviews = duckdb__files_of(reviews_path(), 'reviews', 'RANKMART_REVIEWS') %}
    {% set products = [] %}
    {% if products_path() %}
        {% set products = duckdb__files_of(products_path(), 'products', 'RANKMART_PRODUCTS') %}
    {% endif %}
    {% do duckdb__load('reviews', reviews) %}
    {% do duckdb__load('products', products) %}
{% endmacro %}


{% macro duckdb__create_raw_tables() %}
    {% do run_query("
        create schema if not exists raw;
        create table if not exists raw.files (
            dataset varchar, source_file varchar, source_form varchar, has_rating boolean,
            lines_read bigint, malformed_lines bigint, size_bytes bigint,
            modified_at timestamp with time zone, read_with varchar,
            read_at timestamp with time zone
        );
        create table if not exists raw.reviews (
            source_file varchar, source_line bigint, user_id varchar, product_id varchar,
            rating varchar, reviewed_at varchar, title varchar, body varchar,
            helpful_votes varchar, total_votes varchar, verified varchar, user_name varchar
        );
        create table if not exists raw.products (
            source_file varchar, source_line bigint, product_id varchar, title varchar,
            brand varchar, categories varchar, price varchar
        );
        create table if not exists raw.malformed_lines (
            dataset varchar, source_file varchar, source_line bigint, reason varchar,
            raw_line varchar
        );
        create table if not exists raw.builds (
            invocation_id varchar, command varchar, started_at timestamp with time zone,
            finished_at timestamp with time zone, protocol varchar, is_whole boolean,
            failed_models integer
        );
        create table if not exists raw.compiled_models (model varchar primary key, sql varchar);
    ") %}
{% endmacro %}


{# The files that a path or glob names, in the order of their names; stops where there is
   nothing to read. #}
{% macro duckdb__files_of(path, dataset, variable) %}
    {% set quoted = quote_text(path) %}
    {% set rows = run_query(
        'select filename, size, last_modified from read_blob(' ~ quoted ~ ') order by filename'
    ).rows %}
    {% set how = ": set " ~ variable ~ ", or dbt run --vars '{" ~ dataset ~ "_path: ...}'" %}
    {% if rows | length == 0 %}
        {% set below = run_query('select count(*) from glob(' ~ quote_text(path ~ '/*') ~ ')') %}
        {% if below.columns[0][0] > 0 %}
            {% do stop(path ~ " is a directory. Name its files with a glob, such as "
                ~ path ~ "/*.csv" ~ how) %}
        {% endif %}
        {% do stop("no file of " ~ dataset ~ " at " ~ path ~ how
            ~ ((" (for made-up reviews to try: rankmart demo-data)") if dataset == 'reviews' else "")) %}
    {% endif %}
    {% for row in rows if row[1] == 0 %}
        {% do stop(row[0] ~ " is empty: there is nothing to read" ~ how) %}
    {% endfor %}
    {{ return(rows) }}
{% endmacro %}


{% macro duckdb__load(dataset, files) %}
    {% set read_with = tojson({
        'format': var('reviews_format'), 'columns': var('reviews_columns'),
        'encoding': var('reviews_encoding'), 'undecodable': var('reject_undecodable_lines'),
        'strict': var('strict_csv'), 'reader': 2,
    }, sort_keys=true) %}
    {% set before = run_query(
        "select source_file, size_bytes, modified_at, read_with from raw.files where dataset = '"
        ~ dataset ~ "' order by source_file"
    ).rows %}
    {% set same = namespace(value=(before | length == files | length)) %}
    {% for row in files if same.value %}
        {% set old = before[loop.index0] %}
        {% if row[0] != old[0] or row[1] != old[1] or row[2] != old[2] or old[3] != read_with %}
            {% set same.value = false %}
        {% endif %}
    {% endfor %}
    {% if not same.value %}
        {# The list of files goes first and comes back last: a load that breaks off is done anew. #}
        {% do run_query(
            "delete from raw.files where dataset = '" ~ dataset ~ "';"
            ~ "truncate raw." ~ dataset ~ ";"
            ~ "delete from raw.malformed_lines where dataset = '" ~ dataset ~ "';"
            ~ "set preserve_insertion_order = true;"
        ) %}
        {% set read = [] %}
        {% for row in files %}
            {% do read.append(duckdb__load_file(dataset, row[0])) %}
        {% endfor %}
        {% do run_query("set preserve_insertion_order = false") %}
        {% for row in files %}
            {% set form = read[loop.index0] %}
            {% do run_query(
                "insert into raw.files
                select '" ~ dataset ~ "', " ~ quote_text(row[0]) ~ ", '" ~ form.name ~ "', "
                ~ form.has_rating ~ ", records.lines + malformed.lines, malformed.lines, "
                ~ row[1] ~ ", timestamptz '" ~ row[2] ~ "', " ~ quote_text(read_with) ~ ", now()
                from (
                    select count(*) as lines from raw." ~ dataset ~ "
                    where source_file = " ~ quote_text(row[0]) ~ "
                ) as records
                cross join (
                    select count(*) as lines from raw.malformed_lines
                    where dataset = '" ~ dataset ~ "' and source_file = " ~ quote_text(row[0]) ~ "
                ) as malformed"
            ) %}
        {% endfor %}
        {% do duckdb__refuse_misread(dataset) %}
    {% endif %}
{% endmacro %}


{% macro duckdb__refuse_misread(dataset) %}
    {% set totals = run_query(
        "select sum(lines_read), sum(malformed_lines), min(source_file) from raw.files
        where dataset = '" ~ dataset ~ "'"
    ).rows[0] %}
    {% if totals[0] is not none %}
        {% set sample = run_query(
            "select source_file, source_line, reason from raw.malformed_lines
            where dataset = '" ~ dataset ~ "' order by source_file, source_line limit 1"
        ).rows %}
        {% if totals[0] == 0 %}
            {% do run_query("delete from raw.files where dataset = '" ~ dataset ~ "'") %}
            {% do stop(totals[2] ~ " has a header and no line below it: there is nothing to read. Name another file") %}
        {% elif totals[1] > totals[0] * var('max_rejected_share') %}
            {% do run_query("delete from raw.files where dataset = '" ~ dataset ~ "'") %}
            {% do stop(
                totals[1] ~ " of " ~ totals[0] ~ " lines of " ~ dataset ~ " are malformed, the first at "
                ~ sample[0][0] ~ " line " ~ sample[0][1] ~ " (" ~ sample[0][2]
                ~ "): check the file, or allow it with the var max_rejected_share"
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}


{# A text as an SQL literal. #}
{% macro quote_text(text) -%}
    {{ return("'" ~ (text | string | replace("'", "''")) ~ "'") }}
{%- endmacro %}
