-- Rollouts: a version that is tried on a part of the routers before it is in force. The version's row is there from the start; the scope points to it only once it is promoted.
create sequence policy.rollout_number as bigint;

create table policy.rollout (
    rollout bigint not null default nextval('policy.rollout_number'),
    scope text not null,
    base_version bigint not null,
    version bigint not null,
    state text not null,
    revision bigint not null,
    plan jsonb not null,
    author text not null,
    reason text not null,
    started_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text not null,
    cause text,
    constraint pk_rollout primary key (rollout),
    constraint fk_rollout_scope foreign key (scope) references policy.scope (scope),
    constraint fk_rollout_version foreign key (version) references policy.version (version),
    constraint uq_rollout_version unique (version),
    constraint ck_rollout_state check (state in ('running', 'paused', 'promoted', 'rolled_back')),
    constraint ck_rollout_reason check (length(reason) between 1 and 2000)
);

-- One at a time in a scope: two would each be the other's baseline.
create unique index uq_rollout_open on policy.rollout (scope) where state in ('running', 'paused');
create index ix_rollout_scope on policy.rollout (scope, rollout desc);

comment on table policy.rollout is 'Every rollout with how it stands; revision guards its changes. plan holds what it chooses, its guards and what they compare with. A scope''s current_version is 0 while its first version is tried.';
