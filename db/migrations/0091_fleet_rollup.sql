-- Minutes and hours added up over all GPUs, so that a question about the fleet reads one row a point instead of one a GPU and point.
create table telemetry.fleet_1m (
    minute timestamptz not null,
    totals double precision[] not null,
    means double precision[] not null,
    weights double precision[] not null,
    least double precision[] not null,
    greatest double precision[] not null,
    gpus integer[] not null,
    origins smallint[] not null,
    constraint pk_fleet_1m primary key (minute)
);

comment on table telemetry.fleet_1m is 'frame_1m over all GPUs. Arrays go by the code of the metric in the catalogue, from 1: totals, the sum of each GPU''s mean, weights, extremes, the number of GPUs that have a value, the weakest origin.';

create table telemetry.fleet_1h (
    hour timestamptz not null,
    totals double precision[] not null,
    means double precision[] not null,
    weights double precision[] not null,
    least double precision[] not null,
    greatest double precision[] not null,
    gpus integer[] not null,
    origins smallint[] not null,
    constraint pk_fleet_1h primary key (hour)
);

comment on table telemetry.fleet_1h is 'frame_1h over all GPUs, as fleet_1m.';

-- The rows of a minute stand together, but the keys begin with the GPU: a small index by range of pages finds them.
create index ix_frame_1m_minute on telemetry.frame_1m using brin (minute) with (pages_per_range = 32);

create index ix_frame_1h_hour on telemetry.frame_1h using brin (hour) with (pages_per_range = 32);

-- From when on each level is added up. What was rolled up before this step is added by and by, backwards.
insert into telemetry.rollup_state (level, done_until)
select 'fleet_minute_since', coalesce((select done_until from telemetry.rollup_state where level = 'minute'), '-infinity')
union all
select 'fleet_hour_since', coalesce((select done_until from telemetry.rollup_state where level = 'hour'), '-infinity');
