-- Who did what, for good: each entry carries the hash of the one before it, so that a change in the middle cannot hide.
create table policy.audit (
    number bigint not null,
    time timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail text not null,
    previous_sha256 bytea not null,
    sha256 bytea not null,
    constraint pk_audit primary key (number),
    constraint ck_audit_number_positive check (number > 0),
    constraint ck_audit_previous_length check (octet_length(previous_sha256) = 32),
    constraint ck_audit_length check (octet_length(sha256) = 32)
);

create index ix_audit_actor on policy.audit (actor, number desc);
create index ix_audit_subject on policy.audit (subject, number desc);

comment on table policy.audit is 'Append-only record of who changed what. sha256 covers the entry and previous_sha256; the first entry follows 32 zero bytes. detail is JSON, kept as the text that was hashed.';

create function policy.refuse_audit_change() returns trigger
language plpgsql as $$
begin
    raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end
$$;

create trigger audit_is_append_only
before update or delete on policy.audit
for each row execute function policy.refuse_audit_change();

create trigger audit_is_never_emptied
before truncate on policy.audit
for each statement execute function policy.refuse_audit_change();

-- The product's own role may add and read, no more.
revoke update, delete, truncate on policy.audit from public, current_user;
