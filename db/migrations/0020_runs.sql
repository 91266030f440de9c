-- Runs: recorded experiments. What runs are searched by stands in narrow tables with indexes (run, fact); what a run consists of stands verbatim beside it.
create schema experiment;

comment on schema experiment is 'Runs of experiments with their arms, trials, comparisons and receipts.';

create table experiment.run (
    run_no integer generated always as identity,
    run_id uuid not null,
    started timestamptz not null,
    finished timestamptz,
    recorded timestamptz not null,
    heard timestamptz not null,
    policy_version bigint,
    kind text collate "C" not null,
    name text collate "C" not null,
    state text collate "C" not null,
    origin text collate "C" not null,
    source text collate "C" not null,
    recorder text collate "C" not null,
    gpu_model text collate "C",
    reason text collate "C",
    publishable boolean,
    settled boolean not null,
    digest text collate "C",
    constraint pk_run primary key (run_no),
    constraint uq_run_id unique (run_id),
    constraint ck_run_state check (state in ('running', 'completed', 'aborted', 'failed')),
    constraint ck_run_origin check (origin in ('measured', 'replayed', 'modelled', 'simulated')),
    constraint ck_run_source check (source in ('live', 'imported'))
);

create index ix_run_started on experiment.run (started desc, run_no desc);
create index ix_run_heard on experiment.run (heard) where state = 'running';

comment on table experiment.run is 'One recorded experiment. heard: when its recorder was last heard of. settled: its recorder itself said how it ended, and it no longer changes. digest: SHA-256 of the content of its bundle; null while nobody has handed in a whole one.';

create table experiment.field (
    field_id integer generated always as identity,
    name text collate "C" not null,
    constraint pk_field primary key (field_id),
    constraint uq_field_name unique (name)
);

comment on table experiment.field is 'Names by which runs are searched (param.*, metric.*, tag.*, receipt.*); field_id is the short key that facts use.';

create table experiment.fact (
    run_no integer not null,
    field_id integer not null,
    number double precision,
    moment timestamptz,
    flag boolean,
    text text collate "C",
    constraint pk_fact primary key (field_id, run_no),
    constraint fk_fact_run foreign key (run_no) references experiment.run (run_no) on delete cascade,
    constraint fk_fact_field foreign key (field_id) references experiment.field (field_id),
    constraint ck_fact_one check (num_nonnulls(number, moment, flag, text) = 1)
);

-- A text of any length can be stored and found; only its beginning is in the index.
create index ix_fact_run on experiment.fact (run_no);
create index ix_fact_number on experiment.fact (field_id, number, run_no) where number is not null;
create index ix_fact_moment on experiment.fact (field_id, moment, run_no) where moment is not null;
create index ix_fact_flag on experiment.fact (field_id, flag, run_no) where flag is not null;
create index ix_fact_text on experiment.fact (field_id, left(text, 200), run_no) where text is not null;

comment on table experiment.fact is 'One searchable value of a run. What a run does not have has no row.';

create table experiment.document (
    run_no integer not null,
    description json not null,
    receipt json,
    receipt_sha256 text,
    constraint pk_document primary key (run_no),
    constraint fk_document_run foreign key (run_no) references experiment.run (run_no) on delete cascade
);

comment on table experiment.document is 'Description and receipt of a run as they were recorded, letter by letter.';

create table experiment.arm (
    run_no integer not null,
    position integer not null,
    name text not null,
    content json not null,
    constraint pk_arm primary key (run_no, position),
    constraint fk_arm_run foreign key (run_no) references experiment.run (run_no) on delete cascade
);

comment on table experiment.arm is 'Arms of runs in the order of their tables; the first is the control.';

create table experiment.trial (
    run_no integer not null,
    block integer not null,
    arm text not null,
    origin text not null,
    tokens bigint not null,
    seconds double precision not null,
    energy_joules double precision,
    content json not null,
    constraint pk_trial primary key (run_no, block),
    constraint fk_trial_run foreign key (run_no) references experiment.run (run_no) on delete cascade
);

comment on table experiment.trial is 'Timed windows of arms in the order in which they ran; content is the whole of a trial, letter by letter.';

create table experiment.comparison (
    run_no integer not null,
    position integer not null,
    control text not null,
    treated text not null,
    content json not null,
    constraint pk_comparison primary key (run_no, position),
    constraint fk_comparison_run foreign key (run_no) references experiment.run (run_no) on delete cascade
);

comment on table experiment.comparison is 'Pairs of arms that were compared, with intervals and verdict.';

create table experiment.series (
    run_no integer not null,
    position integer not null,
    name text not null,
    label text not null,
    content json not null,
    constraint pk_series primary key (run_no, position),
    constraint fk_series_run foreign key (run_no) references experiment.run (run_no) on delete cascade
);

comment on table experiment.series is 'Traces and curves of runs.';
