-- One row: the mean over users with a label of the share of their labels among their candidates;
-- null without a label. The sum is of decimals, so that the order of rows doesn't matter.

with

candidates as (

    select
        user_key,
        product_key

    from query_table($candidates)

),

labels as (

    select
        user_key,
        product_key

    from query_table($labels)

),

found_labels as (

    select
        labels.user_key,
        count(*) as found

    from labels
    semi join candidates
        on
            labels.user_key = candidates.user_key
            and labels.product_key = candidates.product_key
    group by labels.user_key

),

labelled_users as (

    select
        user_key,
        count(*) as label_count

    from labels
    group by user_key

),

shares as (

    select coalesce(found_labels.found, 0) / labelled_users.label_count as share_found
    from labelled_users
    left join found_labels
        on labelled_users.user_key = found_labels.user_key

)

select sum(share_found::decimal(18, 15))::double / count(*) as candidate_recall
from shares
