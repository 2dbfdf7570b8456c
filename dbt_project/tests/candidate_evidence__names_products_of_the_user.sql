{# "Because of" is a product that the user has, in the history of that very split. #}
{{ config(group='features') }}
with

evidence as (

    select
        split,
        user_key,
        product_key,
        because_of_key

    from {{ ref('candidate_evidence') }}

),

histories as (

    select * from {{ ref('histories') }}

),

unexplained as (

    select
        evidence.split,
        evidence.user_key,
        evidence.product_key,
        evidence.because_of_key

    from evidence
    anti join histories
        on evidence.split = histories.split
        and evidence.user_key = histories.user_key
        and evidence.because_of_key = histories.product_key

)

select * from unexplained
