-- Steering: deployments, what engines reported, what was issued, and what the learners remember.
create schema routing;

create table routing.deployment (
    deployment_id integer generated always as identity,
    name text not null,
    revision bigint not null,
    description jsonb not null,
    updated_at timestamptz not null,
    constraint pk_deployment primary key (deployment_id),
    constraint uq_deployment_name unique (name),
    constraint ck_deployment_name check (name ~ '^[A-Za-z0-9._-]{1,128}$')
);

comment on table routing.deployment is 'One MoE model served on a set of GPUs; revision counts the descriptions that were put.';

-- The primary key is what makes feedback idempotent; it is not partitioned because a chunk may come again on another day.
create table routing.chunk_receipt (
    deployment_id integer not null,
    replica text not null,
    chunk bigint not null,
    received_at timestamptz not null,
    constraint pk_chunk_receipt primary key (deployment_id, replica, chunk)
);

create index ix_chunk_receipt_received on routing.chunk_receipt using brin (received_at);

comment on table routing.chunk_receipt is 'Chunks that were counted; a repeated one finds its row here and is not counted again.';

create table routing.chunk (
    deployment_id integer not null,
    received_at timestamptz not null,
    replica text not null,
    chunk bigint not null,
    layer smallint not null,
    epoch bigint not null,
    arm smallint not null,
    block bigint not null,
    phase smallint not null,
    tokens bigint not null,
    batch_tokens real not null,
    latency_ms real,
    energy_joules double precision,
    modelled_joules double precision,
    loss real,
    distinct_experts_mean real,
    retained_mass_mean real,
    retained_mass_p01 real,
    kl_mean real,
    guard_trips bigint,
    expert_counts bytea not null,
    constraint ck_chunk_arm check (arm in (0, 1)),
    constraint ck_chunk_phase check (phase in (0, 1)),
    constraint ck_chunk_tokens check (tokens > 0)
) partition by range (received_at);

alter table routing.chunk alter column expert_counts set storage external;
create index ix_chunk_deployment_received on routing.chunk (deployment_id, received_at, layer);

comment on table routing.chunk is 'Usage history: one row per chunk and layer. expert_counts is one little-endian int32 per expert; block numbers the stretches of the hold-out; partitions are made by the day and dropped by retention.';

create table routing.epoch (
    deployment_id integer not null,
    epoch bigint not null,
    layer smallint not null,
    policy_version bigint not null,
    strategy text not null,
    stage text not null,
    bias bytea,
    prices bytea,
    guard_bound real not null,
    batch_aware text not null,
    guaranteed_experts smallint,
    learner_step bigint not null,
    evidence jsonb not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    constraint pk_epoch primary key (deployment_id, epoch, layer),
    constraint ck_epoch_positive check (epoch > 0),
    constraint ck_epoch_stage check (stage in ('shadow', 'canary', 'promoted', 'reverted'))
);

comment on table routing.epoch is 'Every epoch that was issued, layer by layer; its primary key is what keeps two activations from issuing one number twice. bias and prices are little-endian float32 per expert.';

create table routing.applied (
    deployment_id integer not null,
    epoch bigint not null,
    replica text not null,
    ranks_applied integer not null,
    bias_sha256 text not null,
    matches boolean not null,
    received_at timestamptz not null,
    constraint pk_applied primary key (deployment_id, epoch, replica)
);

comment on table routing.applied is 'Receipts of engines: which epoch they really run and whether the digest of its biases is ours.';

create table routing.snapshot (
    deployment_id integer not null,
    layer smallint not null,
    number bigint not null,
    step bigint not null,
    cause text not null,
    promoted boolean not null,
    weights bytea not null,
    sidecar jsonb not null,
    sha256 bytea not null,
    created_at timestamptz not null,
    constraint pk_snapshot primary key (deployment_id, layer, number),
    constraint ck_snapshot_cause check (cause in ('updates', 'interval', 'promotion', 'deactivation', 'restore', 'fork', 'manual'))
);

-- Floats do not compress; trying costs time on every write.
alter table routing.snapshot alter column weights set storage external;

comment on table routing.snapshot is 'The time machine: fast-weight blobs per router. number counts snapshots and never repeats; step is the learner''s update count, which a restore sets back. The last ones and every promoted or asked-for one are kept.';

create table routing.ledger (
    deployment_id integer not null,
    minute timestamptz not null,
    layer smallint not null,
    tokens bigint not null,
    counter_joules double precision,
    attributed_joules double precision not null,
    idle_joules double precision,
    expert_joules bytea not null,
    constraint pk_ledger primary key (deployment_id, minute, layer)
);

alter table routing.ledger alter column expert_joules set storage external;

comment on table routing.ledger is 'Joules per deployment, minute, layer and expert. Layer -1 is the whole model: its counter_joules are what the GPUs took; what neither layers nor idle explain is the residual. expert_joules is little-endian float64 per expert.';
