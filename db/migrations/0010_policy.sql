-- Policies: immutable versions per scope. A change is a new row; a version is never updated or deleted.
create schema policy;

-- One number for the whole fleet, so that the greatest version along a chain of scopes names what is in effect there.
create sequence policy.version_number as bigint;

create table policy.scope (
    scope text not null,
    current_version bigint not null,
    constraint pk_scope primary key (scope),
    constraint ck_scope_name check (scope ~ '^(fleet|(site|rack|host|deployment)/[A-Za-z0-9._-]{1,128})$')
);

comment on table policy.scope is 'The version in force per scope; two people who edit at once meet at this row.';

create table policy.version (
    version bigint not null,
    scope text not null,
    document jsonb not null,
    author text not null,
    reason text not null,
    created_at timestamptz not null,
    constraint pk_version primary key (version),
    constraint fk_version_scope foreign key (scope) references policy.scope (scope) deferrable initially deferred,
    constraint ck_version_reason check (length(reason) between 1 and 2000)
);

create index ix_version_scope on policy.version (scope, version desc);

comment on table policy.version is 'Every version that a scope ever had; document holds only the fields that the scope sets itself.';

create function policy.refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception 'a policy version is immutable' using errcode = 'restrict_violation';
end
$$;

create trigger version_is_immutable
before update or delete on policy.version
for each row execute function policy.refuse_change();
