{# "Because of" is a product that the user has, in the history of that very split. #}
{{ config(group='features') }}
with

evidence as (

    select
        list_key,
        product_key,
        because_of_key

    from {{ ref('candidate_evidence') }}

),

histories as (

    select * from {{ ref('histories') }}

),

unexplained as (

    select
        evidence.list_key,
        evidence.product_key,
        evidence.because_of_key

    from evidence
    anti join histories
        on evidence.list_key = histories.list_key
        and evidence.because_of_key = histories.product_key

)

select * from unexplained
