-- What Orleans' ADO.NET providers need: grain state, membership and reminders, and the statements they read at start.
-- The tables and the statements are ours; the names of the keys, parameters and result columns are the providers'.
create schema orleans;

comment on schema orleans is 'Grain state, silo membership and reminders of Microsoft Orleans.';

-- The provider reads it by this very name and these very columns, unqualified: the search path starts with this schema.
create table orleans.orleansquery (
    querykey varchar(64) not null,
    querytext varchar(8000) not null,
    constraint pk_orleansquery primary key (querykey)
);

comment on table orleans.orleansquery is 'The statements that the Orleans providers run, by the key they know them under.';

create table orleans.grain_state (
    grain_type text collate "C" not null,
    grain_key text collate "C" not null,
    grain_n0 bigint not null,
    grain_n1 bigint not null,
    service_id text collate "C" not null,
    version integer not null,
    modified timestamptz not null,
    payload bytea,
    constraint pk_grain_state primary key (grain_type, grain_key, grain_n0, grain_n1, service_id),
    constraint ck_grain_state_version_positive check (version > 0)
) with (fillfactor = 70);

-- Payloads are floats or already packed: a compression pass over them costs time and saves nothing.
alter table orleans.grain_state alter column payload set storage external;

comment on table orleans.grain_state is 'Persisted state of grains. grain_type is the name of the state; grain_key is empty for grains keyed by a number or a GUID.';

create table orleans.membership_version (
    deployment_id varchar(150) not null,
    version integer not null,
    modified timestamptz not null,
    constraint pk_membership_version primary key (deployment_id)
) with (fillfactor = 50);

comment on table orleans.membership_version is 'One counter per cluster; every change of a silo row moves it on in the same transaction.';

create table orleans.silo (
    deployment_id varchar(150) not null,
    address varchar(45) not null,
    port integer not null,
    generation integer not null,
    silo_name varchar(150) not null,
    host_name varchar(150) not null,
    status integer not null,
    proxy_port integer,
    suspect_times varchar(8000),
    start_time timestamptz not null,
    alive_time timestamptz not null,
    constraint pk_silo primary key (deployment_id, address, port, generation),
    constraint fk_silo_membership_version foreign key (deployment_id) references orleans.membership_version (deployment_id)
) with (fillfactor = 50);

comment on table orleans.silo is 'One row per silo that is or was a member of a cluster.';

create table orleans.reminder (
    service_id varchar(150) not null,
    grain_id varchar(150) not null,
    reminder_name varchar(150) not null,
    start_time timestamptz not null,
    period bigint not null,
    grain_hash integer not null,
    version integer not null,
    constraint pk_reminder primary key (service_id, grain_id, reminder_name)
) with (fillfactor = 80);

create index ix_reminder_grain_hash on orleans.reminder (service_id, grain_hash);

comment on table orleans.reminder is 'Durable timers of grains; grain_hash places a reminder on the ring of silos.';

insert into orleans.orleansquery (querykey, querytext) values
-- A conflict answers the version that was passed in, null included: the provider then knows that it lost.
('WriteToStorageKey', $query$
with updated as (
    update orleans.grain_state
    set payload = @PayloadBinary,
        version = version + 1,
        modified = now()
    where grain_type = @GrainTypeString
      and grain_key = coalesce(@GrainIdExtensionString, '')
      and grain_n0 = @GrainIdN0
      and grain_n1 = @GrainIdN1
      and service_id = @ServiceId
      and version = @GrainStateVersion
    returning version
), inserted as (
    insert into orleans.grain_state (grain_type, grain_key, grain_n0, grain_n1, service_id, version, modified, payload)
    select @GrainTypeString, coalesce(@GrainIdExtensionString, ''), @GrainIdN0, @GrainIdN1, @ServiceId, 1, now(), @PayloadBinary
    where @GrainStateVersion is null
    on conflict (grain_type, grain_key, grain_n0, grain_n1, service_id) do nothing
    returning version
)
select coalesce((select version from updated), (select version from inserted), @GrainStateVersion) as NewGrainStateVersion
$query$),

('ReadFromStorageKey', $query$
select payload as PayloadBinary, version as Version
from orleans.grain_state
where grain_type = @GrainTypeString
  and grain_key = coalesce(@GrainIdExtensionString, '')
  and grain_n0 = @GrainIdN0
  and grain_n1 = @GrainIdN1
  and service_id = @ServiceId
$query$),

('ClearStorageKey', $query$
update orleans.grain_state
set payload = null,
    version = version + 1,
    modified = now()
where grain_type = @GrainTypeString
  and grain_key = coalesce(@GrainIdExtensionString, '')
  and grain_n0 = @GrainIdN0
  and grain_n1 = @GrainIdN1
  and service_id = @ServiceId
  and version = @GrainStateVersion
returning version as NewGrainStateVersion
$query$),

('DeleteStorageKey', $query$
delete from orleans.grain_state
where grain_type = @GrainTypeString
  and grain_key = coalesce(@GrainIdExtensionString, '')
  and grain_n0 = @GrainIdN0
  and grain_n1 = @GrainIdN1
  and service_id = @ServiceId
  and version = @GrainStateVersion
returning version + 1 as NewGrainStateVersion
$query$),

('InsertMembershipVersionKey', $query$
with inserted as (
    insert into orleans.membership_version (deployment_id, version, modified)
    values (@DeploymentId, 0, now())
    on conflict (deployment_id) do nothing
    returning 1
)
select count(*)::int from inserted
$query$),

-- No "on conflict": should a silo turn up twice after all, the violation takes the bump back with it.
('InsertMembershipKey', $query$
with bumped as (
    update orleans.membership_version
    set version = version + 1,
        modified = now()
    where deployment_id = @DeploymentId
      and version = @Version
      and not exists (
          select from orleans.silo
          where deployment_id = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
    returning deployment_id
), inserted as (
    insert into orleans.silo (deployment_id, address, port, generation, silo_name, host_name, status, proxy_port, start_time, alive_time)
    select deployment_id, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
    from bumped
    returning 1
)
select count(*)::int from inserted
$query$),

('UpdateMembershipKey', $query$
with bumped as (
    update orleans.membership_version
    set version = version + 1,
        modified = now()
    where deployment_id = @DeploymentId
      and version = @Version
      and exists (
          select from orleans.silo
          where deployment_id = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
    returning deployment_id
), updated as (
    update orleans.silo
    set status = @Status,
        suspect_times = @SuspectTimes,
        alive_time = @IAmAliveTime
    from bumped
    where silo.deployment_id = bumped.deployment_id
      and address = @Address
      and port = @Port
      and generation = @Generation
    returning 1
)
select count(*)::int from updated
$query$),

('UpdateIAmAlivetimeKey', $query$
update orleans.silo
set alive_time = @IAmAliveTime
where deployment_id = @DeploymentId
  and address = @Address
  and port = @Port
  and generation = @Generation
$query$),

-- The version comes back even where no silo matches.
('MembershipReadRowKey', $query$
select
    v.deployment_id as DeploymentId,
    s.address as Address,
    s.port as Port,
    s.generation as Generation,
    s.silo_name as SiloName,
    s.host_name as HostName,
    s.status as Status,
    s.proxy_port as ProxyPort,
    s.suspect_times as SuspectTimes,
    s.start_time as StartTime,
    s.alive_time as IAmAliveTime,
    v.version as Version
from orleans.membership_version v
left join orleans.silo s
    on s.deployment_id = v.deployment_id
   and s.address = @Address
   and s.port = @Port
   and s.generation = @Generation
where v.deployment_id = @DeploymentId
$query$),

('MembershipReadAllKey', $query$
select
    v.deployment_id as DeploymentId,
    s.address as Address,
    s.port as Port,
    s.generation as Generation,
    s.silo_name as SiloName,
    s.host_name as HostName,
    s.status as Status,
    s.proxy_port as ProxyPort,
    s.suspect_times as SuspectTimes,
    s.start_time as StartTime,
    s.alive_time as IAmAliveTime,
    v.version as Version
from orleans.membership_version v
left join orleans.silo s on s.deployment_id = v.deployment_id
where v.deployment_id = @DeploymentId
$query$),

('DeleteMembershipTableEntriesKey', $query$
with gone as (
    delete from orleans.silo
    where deployment_id = @DeploymentId
)
delete from orleans.membership_version
where deployment_id = @DeploymentId
$query$),

('GatewaysQueryKey', $query$
select address as Address, proxy_port as ProxyPort, generation as Generation
from orleans.silo
where deployment_id = @DeploymentId
  and status = @Status
  and proxy_port > 0
$query$),

-- Status 6 is dead; anything wider would also remove silos that are joining or stopping.
('CleanupDefunctSiloEntriesKey', $query$
delete from orleans.silo
where deployment_id = @DeploymentId
  and alive_time < @IAmAliveTime
  and status = 6
$query$),

('CleanupDefunctSiloEntryKey', $query$
delete from orleans.silo
where deployment_id = @DeploymentId
  and address = @Address
  and port = @Port
  and generation = @Generation
  and status = 6
  and start_time = @StartTime
  and alive_time = @IAmAliveTime
  and suspect_times is not distinct from @SuspectTimes
$query$),

('UpsertReminderRowKey', $query$
insert into orleans.reminder as r (service_id, grain_id, reminder_name, start_time, period, grain_hash, version)
values (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, 0)
on conflict (service_id, grain_id, reminder_name) do update
set start_time = excluded.start_time,
    period = excluded.period,
    grain_hash = excluded.grain_hash,
    version = r.version + 1
returning version as Version
$query$),

('ReadReminderRowsKey', $query$
select grain_id as GrainId, reminder_name as ReminderName, start_time as StartTime, period as Period, version as Version
from orleans.reminder
where service_id = @ServiceId
  and grain_id = @GrainId
$query$),

('ReadReminderRowKey', $query$
select grain_id as GrainId, reminder_name as ReminderName, start_time as StartTime, period as Period, version as Version
from orleans.reminder
where service_id = @ServiceId
  and grain_id = @GrainId
  and reminder_name = @ReminderName
$query$),

('ReadRangeRows1Key', $query$
select grain_id as GrainId, reminder_name as ReminderName, start_time as StartTime, period as Period, version as Version
from orleans.reminder
where service_id = @ServiceId
  and grain_hash > @BeginHash
  and grain_hash <= @EndHash
$query$),

-- The ring wraps around.
('ReadRangeRows2Key', $query$
select grain_id as GrainId, reminder_name as ReminderName, start_time as StartTime, period as Period, version as Version
from orleans.reminder
where service_id = @ServiceId
  and (grain_hash > @BeginHash or grain_hash <= @EndHash)
$query$),

('DeleteReminderRowKey', $query$
with gone as (
    delete from orleans.reminder
    where service_id = @ServiceId
      and grain_id = @GrainId
      and reminder_name = @ReminderName
      and version = @Version
    returning 1
)
select count(*)::int from gone
$query$),

('DeleteReminderRowsKey', $query$
delete from orleans.reminder
where service_id = @ServiceId
$query$);
