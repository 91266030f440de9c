-- What ends: sessions that can be looked at and ended, invitations that work once, keys that say when they were last used.
create table access.session (
    id text collate "C" not null,
    person_id uuid not null,
    method text not null,
    started timestamptz not null,
    seen timestamptz not null,
    ends timestamptz not null,
    address text,
    agent text,
    ended timestamptz,
    ended_by text,
    constraint pk_session primary key (id),
    constraint fk_session_person foreign key (person_id) references access.person (id) on delete cascade,
    constraint ck_session_id_length check (char_length(id) = 32)
);

create index ix_session_person on access.session (person_id, started desc);

comment on table access.session is 'Sign-ins of people. The cookie names one; an ended one counts nowhere. The id alone lets nobody in: the cookie is sealed.';

create table access.invitation (
    token_sha256 bytea not null,
    person_id uuid not null,
    created timestamptz not null,
    created_by text not null,
    expires timestamptz not null,
    used timestamptz,
    constraint pk_invitation primary key (token_sha256),
    constraint fk_invitation_person foreign key (person_id) references access.person (id) on delete cascade,
    constraint ck_invitation_length check (octet_length(token_sha256) = 32)
);

create index ix_invitation_person on access.invitation (person_id);

comment on table access.invitation is 'One-time links by which a person chooses a password. Only the hash of the token is kept.';

alter table access.api_key add column last_used timestamptz;

comment on column access.api_key.last_used is 'When the key was last accepted, to about a minute; null: never.';
