-- Four eyes: a change that waits for a second person, and that person's name on the version that it became.
alter table policy.version add column approved_by text;
alter table policy.version add constraint ck_version_four_eyes check (approved_by <> author);

comment on column policy.version.approved_by is 'The second person; null where no approval was asked for.';

create sequence policy.proposal_number as bigint;

create table policy.proposal (
    proposal bigint not null default nextval('policy.proposal_number'),
    scope text not null,
    base_version bigint not null,
    document jsonb not null,
    rollout jsonb,
    author text not null,
    reason text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    state text not null,
    decided_by text,
    decided_at timestamptz,
    decision_reason text,
    version bigint,
    constraint pk_proposal primary key (proposal),
    constraint fk_proposal_version foreign key (version) references policy.version (version),
    constraint uq_proposal_version unique (version),
    constraint ck_proposal_reason check (length(reason) between 1 and 2000),
    constraint ck_proposal_state check (state in ('pending', 'approved', 'rejected', 'withdrawn')),
    constraint ck_proposal_decided check ((state = 'pending') = (decided_by is null) and (state = 'pending') = (decided_at is null)),
    constraint ck_proposal_version check ((state = 'approved') = (version is not null)),
    constraint ck_proposal_four_eyes check (state not in ('approved', 'rejected') or decided_by <> author)
);

create index ix_proposal_scope on policy.proposal (scope, proposal desc);
create index ix_proposal_pending on policy.proposal (proposal) where state = 'pending';

comment on table policy.proposal is 'Changes of scopes that ask for approval. A pending one that is past expires_at counts as expired. rollout holds how it is to be tried; null: it is to be in force at once.';
