{# Reads one file into raw.reviews or raw.products with DuckDB's own readers, every value as
   text. Returns {name, has_rating}: the source form, and whether it has a rating column. #}
{% macro duckdb__load_file(dataset, path) %}
    {% set bare = path | lower | replace('.gz', '') | replace('.zst', '') %}
    {% if bare.endswith('.parquet') %}
        {{ return(duckdb__load_parquet(dataset, path)) }}
    {% endif %}
    {% set head = duckdb__first_lines(path) %}
    {% if head | length == 0 %}
        {% do stop(path ~ " is empty: there is nothing to read") %}
    {% endif %}
    {% if '\x00' in head[0] %}
        {% do stop(
            path ~ " looks like UTF-16: say so with the var reviews_encoding (utf-16), or convert"
            ~ " the file (iconv -f utf-16 -t utf-8)"
        ) %}
    {% endif %}
    {% if head[0].startswith('{') %}
        {{ return(duckdb__load_json_lines(dataset, path)) }}
    {% elif head[0].startswith('[') and bare.endswith('.json') %}
        {% do stop(path ~ " is one JSON array: write one object a line, as in"
            ~ " jq -c '.[]' " ~ path ~ " > reviews.jsonl") %}
    {% endif %}
    {{ return(duckdb__load_delimited(dataset, path, head)) }}
{% endmacro %}


{# Lines as they are: no delimiter, no quotes. Control character 1 does not occur in text. Not strict:
   a text may have line breaks of another kind than the file. #}
{% macro duckdb__lines_of(path, rejects=true) -%}
    read_csv(
        {{ quote_text(path) }}, columns = {'line': 'varchar'}, auto_detect = false,
        header = false, delim = '{{ "\x01" }}', quote = '', escape = '',
        encoding = '{{ var("reviews_encoding") }}', max_line_size = 16777216,
        strict_mode = false,
        {{ 'store_rejects = true' if rejects else 'ignore_errors = true' }}
    )
{%- endmacro %}


{% macro duckdb__first_lines(path) %}
    {% set rows = run_query(
        "select trim(line, chr(65279) || ' ') from " ~ duckdb__lines_of(path, rejects=false)
        ~ " where trim(coalesce(line, '')) != '' limit 50"
    ).rows %}
    {{ return(rows | map(attribute=0) | list) }}
{% endmacro %}


{% macro duckdb__load_parquet(dataset, path) %}
    {% set source = 'read_parquet(' ~ quote_text(path) ~ ')' %}
    {% set found = run_query('describe select * from ' ~ source).columns[0].values() | list %}
    {% set columns = match_columns(path, found, dataset) %}
    {% set values = {} %}
    {% for name, column in columns.items() if '[' not in column %}
        {% do values.update({name: 'cast("' ~ column ~ '" as varchar)'}) %}
    {% endfor %}
    {% do run_query(duckdb__insert_records(
        dataset, path, values, 'select *, row_number() over () as record from ' ~ source
    )) %}
    {{ return(source_facts(found, columns)) }}
{% endmacro %}


{# False or null for a line that is no JSON: DuckDB's functions raise an error on it. #}
{% macro duckdb__is_object(line) -%}
    (case when json_valid({{ line }}) then json_type({{ line }}) end = 'OBJECT')
{%- endmacro %}


{% macro duckdb__load_json_lines(dataset, path) %}
    {% set found = run_query(
        "select distinct unnest(json_keys(
            case when " ~ duckdb__is_object('line') ~ " then line end
        )) as field from (
            select line from " ~ duckdb__lines_of(path, rejects=false) ~ " limit 1000
        ) order by field"
    ).columns[0].values() | list %}
    {% if not found %}
        {% do stop(path ~ " looks like JSON lines, but none of its first lines is a JSON object."
            ~ " Lines in single quotes are Python's: rewrite them with python -c 'import ast, json,"
            ~ " sys; [print(json.dumps(ast.literal_eval(line))) for line in sys.stdin]'") %}
    {% endif %}
    {% set columns = match_columns(path, found, dataset) %}
    {# One parse a line for all fields. #}
    {% set paths = [] %}
    {% set values = {} %}
    {% for name, column in columns.items() %}
        {% do paths.append("'$." ~ (column | replace("'", "''")) ~ "'") %}
        {% do values.update({name: 'fields[' ~ loop.index ~ ']'}) %}
    {% endfor %}
    {# A category path in JSON is a list, or a list of lists: its names with | between, each
       where it comes first. #}
    {% if dataset == 'products' and 'categories' in values %}
        {% set given = values['categories'] %}
        {% set names = "case when " ~ given ~ " like '[[%'
            then flatten(from_json(" ~ given ~ ", '[[\"varchar\"]]'))
            else from_json(" ~ given ~ ", '[\"varchar\"]') end" %}
        {% do values.update({'categories': "case
            when case when json_valid(" ~ given ~ ") then json_type(" ~ given ~ ") end = 'ARRAY'
            then array_to_string(list_filter(
                " ~ names ~ ", lambda name, place: list_position(" ~ names ~ ", name) = place
            ), '|') else " ~ given ~ " end"}) %}
    {% endif %}
    {% do run_query("
        create or replace temp table json_lines as
        select
            row_number() over () as record,
            line,
            " ~ duckdb__is_object('line') ~ " as is_object
        from " ~ duckdb__lines_of(path)
    ) %}
    {% do duckdb__keep_rejects(dataset, path) %}
    {% if run_query('select count(*) from rejects').columns[0][0] %}
        {% do run_query("
            update json_lines set record = others.source_line
            from (
                select row_number() over (order by numbers.source_line) as record, numbers.source_line
                from (
                    select unnest(range(1, 1 + (select count(*) from json_lines)
                        + (select count(*) from rejects))) as source_line
                ) as numbers
                anti join rejects on numbers.source_line = rejects.source_line
            ) as others
            where json_lines.record = others.record
        ") %}
    {% endif %}
    {% do run_query("
        insert into raw.malformed_lines
        select '" ~ dataset ~ "', " ~ quote_text(path) ~ ", record, 'not a JSON object', line
        from json_lines
        where trim(coalesce(line, '')) != '' and not coalesce(is_object, false)
    ") %}
    {% do run_query(duckdb__insert_records(dataset, path, values, "
        select record, json_extract_string(line, [" ~ paths | join(', ') ~ "]) as fields
        from json_lines where is_object
    ")) %}
    {% do run_query('drop table json_lines') %}
    {{ return(source_facts(found, columns)) }}
{% endmacro %}


{% macro duckdb__load_delimited(dataset, path, head) %}
    {% set delimiter = namespace(sign=',', count=0) %}
    {% for sign in [',', '\t', ';', '|'] if head[0].count(sign) > delimiter.count %}
        {% set delimiter.sign = sign %}
        {% set delimiter.count = head[0].count(sign) %}
    {% endfor %}
    {% set first = [] %}
    {% for field in head[0].split(delimiter.sign) %}
        {% do first.append(field | trim | trim('"')) %}
    {% endfor %}
    {% set order = duckdb__ratings_order(first, head, delimiter.sign) if dataset == 'reviews' else none %}
    {% set found = order if order else first %}
    {% set columns = match_columns(path, found, dataset) %}
    {% set values = {} %}
    {% for name, column in columns.items() if '[' not in column %}
        {% do values.update({name: 'field_' ~ found.index(column)}) %}
    {% endfor %}
    {% set types = [] %}
    {% for column in found %}
        {% do types.append("'field_" ~ loop.index0 ~ "': 'varchar'") %}
    {% endfor %}
    {% do run_query(duckdb__insert_records(dataset, path, values, "
        select *, row_number() over () + " ~ (0 if order else 1) ~ " as record
        from read_csv(
            " ~ quote_text(path) ~ ", columns = {" ~ types | join(', ') ~ "},
            auto_detect = false, header = " ~ ('false' if order else 'true') ~ ",
            delim = '" ~ delimiter.sign ~ "', quote = '\"', escape = '\"',
            strict_mode = " ~ (var('strict_csv') | lower) ~ ",
            encoding = '" ~ var('reviews_encoding') ~ "', max_line_size = 16777216,
            store_rejects = true
        )
    ")) %}
    {% do duckdb__keep_rejects(dataset, path) %}
    {% do duckdb__number_lines(dataset, path, header_lines=(0 if order else 1)) %}
    {% set facts = source_facts(found, columns) %}
    {% if order %}
        {% do facts.update({'name': 'ratings_2014' if order[0] == 'user_id' else 'ratings_2018'}) %}
    {% endif %}
    {{ return(facts) }}
{% endmacro %}


{# The columns of a ratings-only file without a header, or none where the first line is a
   header. The files of 2014 begin with the user, those of 2018 with the product: product ids
   are ten characters, user ids begin with A and are longer; where ids are of other kinds, the
   column that repeats less within the first lines is the user. #}
{% macro duckdb__ratings_order(first, head, delimiter) %}
    {% set by_user = ['user_id', 'product_id', 'rating', 'timestamp'] %}
    {% set by_item = ['product_id', 'user_id', 'rating', 'timestamp'] %}
    {% set asked = var('reviews_format') %}
    {% if asked == 'ratings_2014' %}{{ return(by_user) }}{% endif %}
    {% if asked == 'ratings_2018' %}{{ return(by_item) }}{% endif %}
    {% if asked %}
        {% do stop("reviews_format is '" ~ asked ~ "': use ratings_2014, ratings_2018 or nothing") %}
    {% endif %}
    {% if first | length != 4 or not modules.re.fullmatch('[0-9]+([.][0-9]+)?', first[2])
        or not modules.re.fullmatch('[0-9]{8,}([.][0-9]+)?', first[3]) %}
        {{ return(none) }}
    {% endif %}
    {% set score = namespace(user_first=0, item_first=0) %}
    {% set left, right = [], [] %}
    {% for line in head if line.count(delimiter) == 3 %}
        {% set fields = line.split(delimiter) %}
        {% do left.append(fields[0]) %}
        {% do right.append(fields[1]) %}
        {% if fields[0] | length > 10 and fields[0].startswith('A') and fields[1] | length == 10 %}
            {% set score.user_first = score.user_first + 1 %}
        {% elif fields[1] | length > 10 and fields[1].startswith('A') and fields[0] | length == 10 %}
            {% set score.item_first = score.item_first + 1 %}
        {% endif %}
    {% endfor %}
    {% if score.user_first == score.item_first %}
        {{ return(by_user if left | unique | list | length >= right | unique | list | length else by_item) }}
    {% endif %}
    {{ return(by_user if score.user_first > score.item_first else by_item) }}
{% endmacro %}


{# Lines that the reader put aside, one row a line with its first complaint, into
   raw.malformed_lines; then the line of each record, which the reader does not tell. #}
{% macro duckdb__keep_rejects(dataset, path) %}
    {% do run_query("
        create or replace temp table rejects as
        select
            line as source_line,
            min_by(lower(cast(error_type as varchar)), column_idx) as reason,
            any_value(ltrim(csv_line, chr(10) || chr(13))) as raw_line
        from reject_errors
        where scan_id = (select max(scan_id) from reject_errors)
        group by line
    ") if duckdb__has_rejects(path) else run_query("
        create or replace temp table rejects (source_line bigint, reason varchar, raw_line varchar)
    ") %}
    {% set undecodable = run_query(
        "select min(source_line) from rejects where reason = 'invalid encoding'"
    ).columns[0][0] %}
    {% if undecodable is not none and not var('reject_undecodable_lines') %}
        {% do stop(
            path ~ " line " ~ undecodable ~ " is not " ~ var('reviews_encoding')
            ~ ": convert the file (iconv -f latin1 -t utf-8), or say its encoding with the var"
            ~ " reviews_encoding (utf-8, latin-1, utf-16), or have such lines rejected with the var"
            ~ " reject_undecodable_lines"
        ) %}
    {% endif %}
    {% do run_query("
        insert into raw.malformed_lines
        select '" ~ dataset ~ "', " ~ quote_text(path) ~ ", source_line, reason, raw_line
        from rejects
    ") %}
{% endmacro %}


{# Records were numbered in their order. Lines put aside and blank lines lie between them: the
   k-th record is on the k-th of the other lines. Where fields hold line breaks, a record takes
   more than one line, and the reader counts it as one, and so do we. #}
{% macro duckdb__number_lines(dataset, path, header_lines) %}
    {% set file = quote_text(path) %}
    {% set counts = run_query("
        select
            (select count(*) from rejects) as rejected,
            (select count(*) from raw." ~ dataset ~ " where source_file = " ~ file ~ ") as records,
            count(*) as lines,
            count(*) filter (trim(coalesce(line, '')) = '') as blank
        from " ~ duckdb__lines_of(path, rejects=false)
    ).rows[0] %}
    {% set one_line_each = counts[2] - counts[3] == header_lines + counts[0] + counts[1] %}
    {% if counts[0] or (counts[3] and one_line_each) %}
        {% do run_query("
            create or replace temp table record_lines as
            select
                row_number() over (order by lines.source_line) + " ~ header_lines ~ " as record,
                lines.source_line
            from (
                select row_number() over () as source_line, line
                from " ~ duckdb__lines_of(path, rejects=false) ~ "
            ) as lines
            anti join rejects on lines.source_line = rejects.source_line
            where lines.source_line > " ~ header_lines ~ "
                " ~ ("and trim(coalesce(lines.line, '')) != ''" if one_line_each else "") ~ ";
            update raw." ~ dataset ~ " as records
            set source_line = record_lines.source_line
            from record_lines
            where records.source_file = " ~ file ~ "
                and records.source_line = record_lines.record
                and record_lines.record != record_lines.source_line;
            drop table record_lines;
        ") %}
    {% endif %}
{% endmacro %}


{# Whether the scan just done put lines aside. The table of rejects comes with the first scan
   that stores any, and keeps those of earlier scans. #}
{% macro duckdb__has_rejects(path) %}
    {% set there = run_query(
        "select count(*) from duckdb_tables() where table_name = 'reject_errors'"
    ).columns[0][0] %}
    {{ return(there and run_query("
        select count(*) from reject_errors as errors
        inner join reject_scans as scans
            on errors.scan_id = scans.scan_id and errors.file_id = scans.file_id
        where errors.scan_id = (select max(scan_id) from reject_scans)
            and scans.file_path = " ~ quote_text(path)
    ).columns[0][0] > 0) }}
{% endmacro %}


{# What the file does not have stays null. #}
{% macro duckdb__insert_records(dataset, path, values, source) %}
    {% set columns = [] %}
    {% for name, value in values.items() %}
        {% do columns.append(value ~ ' as ' ~ name) %}
    {% endfor %}
    {{ return(
        'insert into raw.' ~ dataset ~ ' by name select ' ~ quote_text(path)
        ~ ' as source_file, record as source_line, ' ~ columns | join(', ') ~ ' from (' ~ source ~ ')'
    ) }}
{% endmacro %}


{% macro source_facts(found, columns) -%}
    {{ return({
        'name': source_form(found | map('lower') | list),
        'has_rating': 'true' if 'rating' in columns else 'false',
    }) }}
{%- endmacro %}
