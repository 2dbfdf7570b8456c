{# Words that say nothing of a product, nor of how it is liked. #}
{% macro stop_words() -%}
    {{ return((
        "a about above after again all almost also although always am an and another any anyone"
        ~ " anything are as at be because been before being below between both but by came can"
        ~ " could did do does doing done down during each either else etc even ever every few for"
        ~ " from further get gets getting give go goes going gone got had has have having he her"
        ~ " here hers him his how however i i'd i'll i'm i've if in instead into is it it's its"
        ~ " itself just know let like made make makes many may maybe me might mine more most much"
        ~ " must my myself new no nor not now of off often on once one ones only onto or other"
        ~ " others otherwise our out over own per perhaps put quite rather really said same say see"
        ~ " seem seems several she should since so some something still such take than that that's"
        ~ " the their them then there there's these they they're thing things think this those"
        ~ " though three through thus to too took toward two under unless until up upon us use used"
        ~ " using very via want was we we're well went were what when where whether which while who"
        ~ " whole whom whose why will with within without would yes yet you you're your yours"
        ~ " don't doesn't didn't can't couldn't won't wouldn't isn't wasn't aren't haven't hasn't"
        ~ " product products item items amazon review reviews bought buy buying purchased purchase"
        ~ " ordered order star stars one two three four five"
    ).split(' ')) }}
{%- endmacro %}


{# Whether a word may be a term: neither a stop word, nor a number, nor a letter or a whole line. #}
{% macro is_telling(word) -%}
    length({{ word }}) between 2 and 30
    and {{ word }} not in (
        {%- for stop_word in stop_words() | unique %}
        '{{ stop_word | replace("'", "''") }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
    and not {{ is_number(word) }}
{%- endmacro %}
