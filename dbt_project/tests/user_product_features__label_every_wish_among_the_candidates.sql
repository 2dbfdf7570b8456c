{# A candidate is labelled 1 where, and only where, it is a label of that user and split. #}
with

features as (

    select
        split,
        user_key,
        product_key,
        label

    from {{ ref('user_product_features') }}
    where split != 'serve'

),

labels as (

    select * from {{ ref('labels') }}

),

compared as (

    select
        features.split,
        features.user_key,
        features.product_key,
        features.label,
        labels.product_key is not null as is_wish

    from features
    left join labels
        on features.split = labels.split
        and features.user_key = labels.user_key
        and features.product_key = labels.product_key

)

select * from compared
where label is distinct from cast(is_wish as int)
