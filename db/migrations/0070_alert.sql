-- Alerts: rules with all their versions, how every thing stands that is not normal, every change of a state, what keeps alerts quiet, who is told, and what became of each message.
create schema alert;

comment on schema alert is 'Rules over the fleet''s series, the states of what they watch, and who was told.';

create table alert.rule_version (
    name text collate "C" not null,
    version bigint not null,
    document jsonb,
    author text not null,
    reason text not null,
    created_at timestamptz not null,
    constraint pk_rule_version primary key (name, version),
    constraint ck_rule_version_positive check (version > 0),
    constraint ck_rule_version_reason check (length(reason) between 1 and 2000)
);

comment on table alert.rule_version is 'Immutable versions of rules; the greatest of a name is in force, and one without a document says that the rule was deleted.';

-- One row, where two activations of the watching grain meet: who does not hold the newest epoch may not write.
create table alert.watch (
    one boolean not null default true,
    epoch bigint not null,
    evaluated_at timestamptz,
    constraint pk_watch primary key (one),
    constraint ck_watch_one check (one)
);

insert into alert.watch (epoch) values (0);

comment on table alert.watch is 'The fence of the watching grain: its epoch counts up with every activation.';

create table alert.instance (
    rule text collate "C" not null,
    instance text collate "C" not null,
    labels jsonb not null,
    state text not null,
    since timestamptz not null,
    episode uuid,
    episode_since timestamptz,
    value double precision,
    detail text,
    acknowledged_by text,
    acknowledged_at timestamptz,
    acknowledged_comment text,
    constraint pk_instance primary key (rule, instance),
    constraint ck_instance_state check (state in ('pending', 'alerting', 'recovering', 'no_data'))
);

comment on table alert.instance is 'Everything that is not normal under a rule: what a watching grain needs to go on where another one stopped. value is the reading of the last change.';

create table alert.transition (
    transition_id bigint generated always as identity,
    at timestamptz not null,
    rule text collate "C" not null,
    rule_version bigint not null,
    instance text collate "C" not null,
    labels jsonb not null,
    severity text not null,
    before text not null,
    after text not null,
    value double precision,
    threshold double precision not null,
    origin smallint,
    detail text,
    episode uuid,
    constraint pk_transition primary key (transition_id)
);

create index ix_transition_at on alert.transition (at);
create index ix_transition_rule on alert.transition (rule, instance, at);

comment on table alert.transition is 'Every change of a state, for good (as long as retention keeps it): the history of alerts.';

create table alert.silence (
    silence_id uuid not null,
    matchers jsonb not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    reason text not null,
    author text not null,
    created_at timestamptz not null,
    ended_by text,
    constraint pk_silence primary key (silence_id),
    constraint ck_silence_range check (ends_at >= starts_at)
);

create index ix_silence_ends on alert.silence (ends_at);

comment on table alert.silence is 'What keeps alerts from being told until a moment. Ending one early sets ends_at and ended_by.';

create table alert.maintenance (
    name text collate "C" not null,
    document jsonb not null,
    author text not null,
    changed_at timestamptz not null,
    constraint pk_maintenance primary key (name)
);

comment on table alert.maintenance is 'Silences that come again and again by a cron expression in a time zone.';

create table alert.contact_point (
    name text collate "C" not null,
    document jsonb not null,
    secret bytea,
    author text not null,
    changed_at timestamptz not null,
    constraint pk_contact_point primary key (name)
);

comment on table alert.contact_point is 'Who is told of alerts. secret signs webhooks and is encrypted with a key that is not in the database.';

create table alert.notification_group (
    contact_point text collate "C" not null,
    group_key text collate "C" not null,
    members jsonb not null,
    notified_at timestamptz not null,
    constraint pk_notification_group primary key (contact_point, group_key)
);

comment on table alert.notification_group is 'What each contact point was last told of a group of alerts, so that the next message says what is new and what is over.';

create table alert.notification (
    notification_id uuid not null,
    contact_point text collate "C" not null,
    group_key text collate "C" not null,
    message jsonb not null,
    state text not null,
    created_at timestamptz not null,
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    finished_at timestamptz,
    last_error text,
    constraint pk_notification primary key (notification_id),
    constraint ck_notification_state check (state in ('waiting', 'delivered', 'given_up'))
);

create index ix_notification_due on alert.notification (next_attempt_at) where state = 'waiting';
create index ix_notification_created on alert.notification (created_at);
create index ix_notification_group on alert.notification (contact_point, group_key, created_at) where state = 'waiting';

comment on table alert.notification is 'The outbox: a message is written in the transaction of the change that it tells of, and sent at least once with notification_id as its idempotency key.';
