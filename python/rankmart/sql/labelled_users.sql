-- One row per user with a label, with how many labels and how long a history they have.

with

labels as (

    select user_key from query_table($labels)

),

users as (

    select
        user_key,
        history_length

    from query_table($users)

),

labelled_users as (

    select
        user_key,
        count(*) as label_count

    from labels
    group by user_key

),

described as (

    select
        labelled_users.user_key,
        coalesce(users.history_length, 0) as history_length,
        labelled_users.label_count

    from labelled_users
    left join users
        on labelled_users.user_key = users.user_key

)

select * from described
order by user_key
