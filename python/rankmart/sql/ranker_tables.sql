-- The schema that scoring writes. `recommendations` holds the lists of one run, the one that
-- was published last; those of the run that was refused last, and of one that waits for
-- `rankmart publish`, stand beside it. These runs are in `kept_runs`, `models`,
-- `run_experiments`, `variant_recommendations` and `user_evaluation`.

create schema if not exists ranker;

create table if not exists ranker.runs (
    run_id varchar primary key,
    created_at timestamp not null,
    model varchar not null,
    protocol varchar not null,
    data_fingerprint varchar not null,
    git_commit varchar,
    parameters json not null,
    seed integer not null,
    metrics json not null,
    candidate_recall double,
    verdict varchar not null,
    verdict_reason varchar not null,
    is_current boolean not null,
    user_count bigint not null,
    product_count bigint not null,
    interaction_count bigint not null,
    recommendation_count bigint not null,
    seconds double not null
);

create table if not exists ranker.recommendations (
    run_id varchar not null,
    user_id varchar not null,
    rank smallint not null,
    product_id varchar not null,
    score float not null,
    source varchar not null,
    reason_type varchar not null,
    because_of_product_id varchar,
    reason_terms varchar
);

create table if not exists ranker.refused_recommendations (
    run_id varchar not null,
    user_id varchar not null,
    rank smallint not null,
    product_id varchar not null,
    score float not null,
    source varchar not null,
    reason_type varchar not null,
    because_of_product_id varchar,
    reason_terms varchar
);

create table if not exists ranker.held_recommendations (
    run_id varchar not null,
    user_id varchar not null,
    rank smallint not null,
    product_id varchar not null,
    score float not null,
    source varchar not null,
    reason_type varchar not null,
    because_of_product_id varchar,
    reason_terms varchar
);

create table if not exists ranker.fallback_recommendations (
    run_id varchar not null,
    rank smallint not null,
    product_id varchar not null,
    score float not null,
    source varchar not null,
    reason_type varchar not null,
    reason_terms varchar
);

create table if not exists ranker.held_fallback_recommendations (
    run_id varchar not null,
    rank smallint not null,
    product_id varchar not null,
    score float not null,
    source varchar not null,
    reason_type varchar not null,
    reason_terms varchar
);

-- Keys of products are those of the build that the run was scored on.
create table if not exists ranker.kept_runs (
    run_id varchar not null,
    build_id varchar not null,
    features varchar[] not null,
    blocked_keys integer[] not null,
    boosted_keys integer[] not null,
    boosts double[] not null
);

-- The experiments that the run was scored with; days as numbers since 1970.
create table if not exists ranker.run_experiments (
    run_id varchar not null,
    experiment varchar not null,
    salt varchar not null,
    first_day integer not null,
    last_day integer,
    variant varchar not null,
    list varchar not null,
    first_slot integer not null,
    end_slot integer not null
);

create table if not exists ranker.variant_recommendations (
    run_id varchar not null,
    list varchar not null,
    user_id varchar not null,
    rank smallint not null,
    product_id varchar not null,
    score float not null,
    source varchar not null,
    reason_type varchar not null,
    because_of_product_id varchar,
    reason_terms varchar
);

create table if not exists ranker.models (
    run_id varchar not null,
    member integer not null,
    weight double not null,
    booster blob not null
);

create table if not exists ranker.evaluation (
    run_id varchar not null,
    model varchar not null,
    segment varchar not null,
    metric varchar not null,
    k integer not null,
    value double not null,
    ci_low double,
    ci_high double,
    users bigint not null
);

create table if not exists ranker.evaluation_differences (
    run_id varchar not null,
    model varchar not null,
    baseline varchar not null,
    segment varchar not null,
    metric varchar not null,
    k integer not null,
    difference double not null,
    ci_low double,
    ci_high double,
    users bigint not null
);

create table if not exists ranker.user_evaluation (
    run_id varchar not null,
    model varchar not null,
    user_id varchar not null,
    history_length integer not null,
    label_count integer not null,
    ndcg_at_10 double not null,
    recall_at_10 double not null,
    precision_at_10 double not null,
    map_at_10 double not null,
    mrr_at_10 double not null,
    hit_rate_at_10 double not null,
    novelty_at_10 double,
    intra_list_diversity_at_10 double,
    new_product_share_at_10 double
);

create table if not exists ranker.feature_importance (
    run_id varchar not null,
    feature varchar not null,
    gain double not null
);

-- Warehouses of earlier versions lack it.
alter table ranker.recommendations add column if not exists reason_terms varchar;
alter table ranker.refused_recommendations add column if not exists reason_terms varchar;
alter table ranker.fallback_recommendations add column if not exists reason_terms varchar;
