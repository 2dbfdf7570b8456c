{# No candidate is lost on the way to the ranker, and none comes in. #}
with

candidates as (

    select
        split,
        user_key,
        product_key

    from {{ ref('candidates') }}

),

features as (

    select
        split,
        user_key,
        product_key

    from {{ ref('user_product_features') }}

),

lost as (

    select
        'lost' as what,
        candidates.*

    from candidates
    anti join features
        on candidates.split = features.split
        and candidates.user_key = features.user_key
        and candidates.product_key = features.product_key

),

added as (

    select
        'added' as what,
        features.*

    from features
    anti join candidates
        on features.split = candidates.split
        and features.user_key = candidates.user_key
        and features.product_key = candidates.product_key

)

select * from lost
union all
select * from added
