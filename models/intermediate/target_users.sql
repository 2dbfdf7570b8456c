{# Users that candidates are made for: those with labels, a sample of them above a size, and
   everyone for serving, each with the moment at which they are asked. User 0 stands for whoever is not known: no history, so trending and
   popular products, ranked by the same ranker. #}
with

histories as (

    select * from {{ ref('histories') }}

),

labels as (

    select * from {{ ref('labels') }}

),

labelled as (

    select
        split,
        user_key,
        user_bucket

    from labels
    group by split, user_key, user_bucket

),

{# The order of md5 is as good as chance, and the same in every run. #}
shuffled as (

    select
        *,
        row_number() over (
            partition by split
            order by md5(cast(user_key as string)), user_key
        ) as draw

    from labelled

),

sampled as (

    select
        split,
        user_key,
        user_bucket

    from shuffled
    where (split != 'test' and draw <= {{ var('max_fit_users') }})
        or (split = 'test' and draw <= {{ var('max_test_users') }})

),

everyone as (

    select
        split,
        user_key,
        user_bucket

    from histories
    where split = 'serve'
    group by split, user_key, user_bucket

),

nobody as (

    select
        'serve' as split,
        0 as user_key,
        0 as user_bucket

),

everybody as (

    select * from sampled
    union all
    select * from everyone
    union all
    select * from nobody

),

last_reviews as (

    select
        split,
        user_key,
        max(reviewed_epoch) as last_epoch

    from histories
    group by split, user_key

),

ends as (

    select
        split,
        max(reviewed_epoch) as as_of

    from histories
    group by split

),

asked as (

    select
        everybody.split,
        everybody.user_key,
        everybody.user_bucket,
        coalesce(last_reviews.last_epoch, ends.as_of) as last_epoch

    from everybody
    left join ends
        on everybody.split = ends.split
    left join last_reviews
        on everybody.split = last_reviews.split
        and everybody.user_key = last_reviews.user_key

),

targets as (

    select
        split,
        {{ list_key('split', 'user_key') }} as list_key,
        user_key,
        user_bucket,
        {{ moment_of('last_epoch') }} as moment

    from asked

)

select * from targets
