using EnergyTTT.History.Runs;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Runs;

public sealed class RunStoreTests : IClassFixture<PostgresFixture>
{
    private const string Key = "key/abc";
    private readonly FakeTimeProvider _time = new(RunBundles.Started.AddDays(1));
    private readonly NpgsqlDataSource _source;
    private readonly RunStore _store;
    private readonly RunReader _reader;

    public RunStoreTests(PostgresFixture postgres)
    {
        _source = postgres.Source;
        _store = new RunStore(postgres.Source, _time);
        _reader = new RunReader(postgres.Source, _time);
    }

    [Fact]
    public async Task An_imported_bundle_comes_back_byte_for_byte()
    {
        var file = RunBundleFile.Write(RunBundles.Compare());

        var decision = await Import(file);

        var record = await Find(RunBundleFile.Read(file).Run.Id);
        Assert.Equal((RunOutcome.Recorded, RunState.Completed), (decision.Outcome, decision.State));
        Assert.Equal(file, RunBundleFile.Write(record.Bundle));
        Assert.Equal(("imported", Key, true, RunBundleFile.Digest(file)), (record.Source, record.Recorder, record.Settled, record.Digest));
    }

    [Fact]
    public async Task Importing_twice_changes_nothing()
    {
        var file = RunBundleFile.Write(RunBundles.Compare());
        await Import(file);
        var before = await Fingerprint();

        _time.Advance(TimeSpan.FromHours(1));
        var again = await Import(file);

        Assert.Equal(RunOutcome.Unchanged, again.Outcome);
        Assert.Equal(before, await Fingerprint());
    }

    [Fact]
    public async Task Another_content_of_a_recorded_run_is_refused_and_changes_nothing()
    {
        var bundle = RunBundles.Compare();
        await Import(RunBundleFile.Write(bundle));
        var before = await Fingerprint();

        var other = await Import(RunBundleFile.Write(bundle with { Run = bundle.Run with { Metrics = new() { ["saving_percent"] = 99 } } }));

        Assert.Equal(RunOutcome.Differs, other.Outcome);
        Assert.Equal(before, await Fingerprint());
    }

    [Fact]
    public async Task A_live_run_has_its_trials_as_they_come_and_becomes_what_its_bundle_says()
    {
        var whole = RunBundles.Compare();
        var id = whole.Run.Id;

        Assert.Equal(RunOutcome.Recorded, (await _store.Start(RunBundles.Begun(whole), Key, default)).Outcome);
        Assert.Equal(RunOutcome.Recorded, (await _store.Record(id, whole.Trials[0], Key, default)).Outcome);
        var running = await Find(id);
        Assert.Equal((RunState.Running, 1, "live"), (running.Bundle.Run.State, running.Bundle.Trials.Count, running.Source));

        Assert.Equal(RunOutcome.Recorded, (await _store.Finish(whole, Key, default)).Outcome);
        Assert.Equal(RunBundleFile.Write(whole), RunBundleFile.Write((await Find(id)).Bundle));
        Assert.Equal(RunOutcome.Unchanged, (await _store.Finish(whole, Key, default)).Outcome);
        Assert.Equal(RunOutcome.Unchanged, (await Import(RunBundleFile.Write(whole))).Outcome);
        Assert.Equal(RunOutcome.Ended, (await _store.Record(id, RunBundles.Trial(9, "Baseline"), Key, default)).Outcome);
    }

    [Fact]
    public async Task Repeated_starts_and_trials_change_nothing_and_a_changed_trial_is_refused()
    {
        var whole = RunBundles.Compare();
        var id = whole.Run.Id;
        await _store.Start(RunBundles.Begun(whole), Key, default);
        await _store.Record(id, whole.Trials[0], Key, default);

        Assert.Equal(RunOutcome.Unchanged, (await _store.Start(RunBundles.Begun(whole), Key, default)).Outcome);
        Assert.Equal(RunOutcome.Unchanged, (await _store.Record(id, whole.Trials[0], Key, default)).Outcome);
        Assert.Equal(RunOutcome.Differs, (await _store.Record(id, whole.Trials[0] with { Joules = 1 }, Key, default)).Outcome);
        Assert.Single((await Find(id)).Bundle.Trials);
    }

    [Fact]
    public async Task A_recorder_that_falls_silent_leaves_an_aborted_run_with_what_it_had()
    {
        var whole = RunBundles.Compare();
        var id = whole.Run.Id;
        await _store.Start(RunBundles.Begun(whole), Key, default);
        _time.Advance(TimeSpan.FromSeconds(30));
        await _store.Record(id, whole.Trials[0], Key, default);
        var lastHeard = _time.GetUtcNow();

        Assert.False(await _store.AbortSilent(id, lastHeard, default));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.True(await _store.AbortSilent(id, _time.GetUtcNow().AddSeconds(-60), default));

        var record = await Find(id);
        Assert.Equal((RunState.Aborted, lastHeard, 1), (record.Bundle.Run.State, record.Bundle.Run.Finished, record.Bundle.Trials.Count));
        Assert.StartsWith("its recorder fell silent", record.Bundle.Run.Reason, StringComparison.Ordinal);
        Assert.Null(await _store.Heard(id, default));
    }

    [Fact]
    public async Task A_recorder_that_was_only_cut_off_goes_on_and_finishes()
    {
        var whole = RunBundles.Compare();
        var id = whole.Run.Id;
        await _store.Start(RunBundles.Begun(whole), Key, default);
        _time.Advance(TimeSpan.FromMinutes(2));
        await _store.AbortSilent(id, _time.GetUtcNow(), default);

        Assert.Equal(RunOutcome.Recorded, (await _store.Record(id, whole.Trials[0], Key, default)).Outcome);
        Assert.Equal(RunState.Running, (await Find(id)).Bundle.Run.State);
        Assert.Equal(RunOutcome.Recorded, (await _store.Finish(whole, Key, default)).Outcome);
        Assert.Equal((RunState.Completed, 4), ((await Find(id)).Bundle.Run.State, (await Find(id)).Bundle.Trials.Count));
    }

    [Fact]
    public async Task Only_who_began_a_run_goes_on_with_it()
    {
        var whole = RunBundles.Compare();
        await _store.Start(RunBundles.Begun(whole), Key, default);

        Assert.Equal(RunOutcome.Foreign, (await _store.Record(whole.Run.Id, whole.Trials[0], "key/other", default)).Outcome);
        Assert.Equal(RunOutcome.Foreign, (await _store.Beat(whole.Run.Id, "key/other", default)).Outcome);
        Assert.Equal(RunOutcome.Foreign, (await _store.Finish(whole, "key/other", default)).Outcome);
        Assert.Equal(RunOutcome.Foreign, (await _store.Start(RunBundles.Begun(whole), "key/other", default)).Outcome);
        Assert.Equal(RunOutcome.Unknown, (await _store.Beat(Guid.CreateVersion7(), Key, default)).Outcome);
    }

    [Fact]
    public async Task A_bundle_that_was_never_finished_is_an_aborted_run_until_the_finished_one_comes()
    {
        var whole = RunBundles.Compare();
        var partial = RunBundles.Begun(whole) with { Trials = [whole.Trials[0], whole.Trials[1]] };

        Assert.Equal(RunState.Aborted, (await Import(RunBundleFile.Write(partial))).State);
        var record = await Find(whole.Run.Id);
        Assert.Equal((RunState.Aborted, RunStore.Unfinished, 2, whole.Trials[1].Finished), (record.Bundle.Run.State, record.Bundle.Run.Reason, record.Bundle.Trials.Count, record.Bundle.Run.Finished!.Value));
        Assert.Equal(RunOutcome.Unchanged, (await Import(RunBundleFile.Write(partial))).Outcome);

        Assert.Equal(RunOutcome.Recorded, (await Import(RunBundleFile.Write(whole))).Outcome);
        Assert.Equal(RunBundleFile.Write(whole), RunBundleFile.Write((await Find(whole.Run.Id)).Bundle));
    }

    [Fact]
    public async Task What_cannot_be_stored_or_asked_for_is_refused_by_name()
    {
        var bundle = RunBundles.Compare();

        Assert.Contains("param.", (await Refusal(bundle with { Run = bundle.Run with { Parameters = new() { [new string('x', 129)] = 1 } } })).Explanation, StringComparison.Ordinal);
        Assert.Contains("U+0000", (await Refusal(bundle with { Run = bundle.Run with { Tags = new() { ["site"] = "a\0b" } } })).Explanation, StringComparison.Ordinal);
        Assert.Contains("unknown arm", (await Refusal(bundle with { Trials = [RunBundles.Trial(0, "nobody")] })).Explanation, StringComparison.Ordinal);
        Assert.Contains("publishable", (await Refusal(bundle with { Receipt = bundle.Receipt! with { Publishable = true } })).Explanation, StringComparison.Ordinal);
        Assert.Null(await _reader.Find(bundle.Run.Id, default));
    }

    [Fact]
    public async Task A_text_of_any_length_is_stored_and_found_whole()
    {
        var text = string.Concat(Enumerable.Repeat("ä😀", 30_000));
        var bundle = RunBundles.Compare(origin: Origin.Simulated);
        await Import(RunBundleFile.Write(bundle with { Run = bundle.Run with { Parameters = new() { ["corpus"] = text } } }));

        var found = await _reader.Read(new("param.corpus like \"%😀\" and origin = \"simulated\"", Columns: "param.corpus"), default);

        Assert.Equal(text, found.Rows.Single().Values[0]);
    }

    private async Task<RunDecision> Refusal(RunBundle bundle)
    {
        var decision = await _store.Finish(bundle, Key, default);
        Assert.Equal(RunOutcome.Refused, decision.Outcome);
        return decision;
    }

    private Task<RunDecision> Import(byte[] file) => _store.Import(RunBundleFile.Read(file), RunBundleFile.Digest(file), Key, default);

    private async Task<RunRecord> Find(Guid id) => await _reader.Find(id, default) ?? throw new InvalidOperationException("no such run");

    // Every row of every table, system columns included: a row that was written again has another xmin.
    private async Task<string> Fingerprint()
    {
        var prints = new List<string>();
        foreach (var table in new[] { "run", "field", "fact", "document", "arm", "trial", "comparison", "series" })
        {
            await using var command = _source.CreateCommand($"select md5(coalesce(string_agg(t.xmin::text || t.ctid::text || t::text, '|' order by t.ctid), '')) from experiment.{table} t");
            prints.Add((string)(await command.ExecuteScalarAsync())!);
        }

        return string.Join(' ', prints);
    }
}
