-- `new_recommendations` with the products of `rule_pins` at their places, cut to `$k` again.
--
-- A pin whose place another pin has taken gets the next one; where a list is too short for a
-- place, its end. Of the ranker's products, so many stand above a pin as its place leaves to them.

create or replace temp table pinned_recommendations as
with

recommendations as (

    select * from new_recommendations

),

rule_pins as (

    select * from rule_pins

),

known_products as (

    select
        user_key,
        product_key

    from interactions
    where
        $exclude_reviewed
        and list_contains($settled, kind)

),

listed_users as (

    select distinct
        user_key,
        user_id

    from recommendations

),

wanted as (

    select
        listed_users.user_key,
        listed_users.user_id,
        rule_pins.product_id,
        rule_pins.product_key,
        rule_pins.position

    from listed_users
    cross join rule_pins

),

pins as (

    select
        wanted.*,
        row_number() over (
            partition by wanted.user_key
            order by wanted.position, wanted.product_id
        ) as pin_number

    from wanted
    anti join known_products
        on
            wanted.user_key = known_products.user_key
            and wanted.product_key = known_products.product_key

),

-- A pin's place less its number, or that of an earlier pin that pushes it down.
placed_pins as (

    select
        *,
        max(position - pin_number) over (
            partition by user_key
            order by pin_number
        ) as ranked_above

    from pins

),

ranked as (

    select
        recommendations.*,
        row_number() over (
            partition by recommendations.user_key
            order by recommendations.rank
        ) as ranked_number

    from recommendations
    anti join pins
        on
            recommendations.user_key = pins.user_key
            and recommendations.product_id = pins.product_id

),

both_kinds as (

    select
        user_key,
        user_id,
        product_id,
        score,
        source,
        reason_type,
        because_of_product_id,
        reason_terms,
        ranked_number as ranked_above,
        0 as pin_number

    from ranked

    union all

    select
        user_key,
        user_id,
        product_id,
        null as score,
        'rule' as source,
        'rule' as reason_type,
        null as because_of_product_id,
        null as reason_terms,
        ranked_above,
        pin_number

    from placed_pins

),

numbered as (

    select
        *,
        row_number() over (
            partition by user_key
            order by ranked_above, pin_number
        ) as new_rank

    from both_kinds

),

-- A pin has the score of the product that follows it, at the end of a list of the one before.
scored as (

    select
        *,
        coalesce(
            score,
            first_value(score ignore nulls) over (
                partition by user_key
                order by new_rank
                rows between current row and unbounded following
            ),
            last_value(score ignore nulls) over (
                partition by user_key
                order by new_rank
                rows between unbounded preceding and current row
            ),
            0
        ) as new_score

    from numbered

)

select
    user_key,
    user_id,
    cast(new_rank as smallint) as rank,
    product_id,
    cast(new_score as float) as score,
    source,
    reason_type,
    because_of_product_id,
    reason_terms

from scored
where new_rank <= $k
order by
    user_key,
    new_rank;

drop table new_recommendations;

alter table pinned_recommendations rename to new_recommendations;
