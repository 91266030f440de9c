-- Placements and signatures are part of the usage history.
create table routing.replica_minute (
    deployment_id integer not null,
    minute timestamptz not null,
    replica text not null,
    placed_treated integer not null,
    placed_held_out integer not null,
    extra_experts_mean real,
    load real not null,
    queue integer,
    signature bytea,
    constraint pk_replica_minute primary key (deployment_id, minute, replica),
    constraint ck_replica_minute_placed check (placed_treated >= 0 and placed_held_out >= 0)
);

comment on table routing.replica_minute is 'Where requests were placed, minute by minute: by affinity (treated) or in turn (held out), what they were expected to add, and the replica''s mean usage signature at its end (64 little-endian float32).';
