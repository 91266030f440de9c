using System.Text;
using CsCheck;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Uploads;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Uploads;

public sealed class JournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ettt-journal-").FullName;

    [Fact]
    public void Records_come_back_in_order_after_reopening()
    {
        using (var journal = Open())
        {
            Append(journal, 0, 100);
            journal.Acknowledge(Take(journal, 30).Position);
        }

        using var again = Open();

        Assert.Equal(Enumerable.Range(30, 70).Select(Name), Take(again, 1000).Records);
    }

    [Fact]
    public void A_torn_record_at_the_end_is_cut_off_and_appending_goes_on()
    {
        using (var journal = Open())
        {
            Append(journal, 0, 3);
        }

        var file = Directory.GetFiles(_folder, "*.seg").Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^2]);
        using var again = Open();
        Append(again, 3, 1);

        Assert.Equal(["record 0", "record 1", "record 3"], Take(again, 10).Records);
    }

    [Fact]
    public void A_spoilt_cursor_sends_again_rather_than_losing()
    {
        using (var journal = Open())
        {
            Append(journal, 0, 5);
            journal.Acknowledge(Take(journal, 2).Position);
        }

        File.WriteAllBytes(Path.Combine(_folder, "cursor"), new byte[64]);
        using var again = Open();

        Assert.Equal(Enumerable.Range(0, 5).Select(Name), Take(again, 10).Records);
    }

    [Fact]
    public void Beyond_its_limit_it_gives_up_the_oldest_and_counts_them()
    {
        using var journal = new Journal(_folder, limitBytes: 2_000, segmentBytes: 500, StreamLog.None);
        Append(journal, 0, 500);

        var left = Take(journal, 1000).Records;

        Assert.InRange(journal.Size, 1, 2_500);
        Assert.Equal(500, journal.Dropped + left.Count);
        Assert.Equal(Enumerable.Range(500 - left.Count, left.Count).Select(Name), left);
    }

    [Fact]
    public void An_acknowledged_journal_does_not_grow()
    {
        using var journal = new Journal(_folder, limitBytes: 10_000, segmentBytes: 300, StreamLog.None);
        for (var i = 0; i < 1000; i++)
        {
            Append(journal, i, 1);
            journal.Acknowledge(Take(journal, 10).Position);
        }

        Assert.True(journal.Empty);
        Assert.Equal(0, journal.Dropped);
        Assert.Single(Directory.GetFiles(_folder, "*.seg"));
        Assert.InRange(journal.Size, 0, 400);
    }

    [Fact]
    public void Whatever_is_appended_taken_and_reopened_nothing_is_lost_or_reordered()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 12]).Array[1, 60].Sample(steps =>
        {
            var folder = Directory.CreateTempSubdirectory("ettt-journal-").FullName;
            var journal = new Journal(folder, 1 << 20, 200, StreamLog.None);
            var (appended, taken) = (0, 0);
            foreach (var (what, count) in steps)
            {
                switch (what)
                {
                    case 0:
                        Append(journal, appended, count);
                        appended += count;
                        break;
                    case 1:
                        var (records, position) = Take(journal, count);
                        Assert.Equal(Enumerable.Range(taken, Math.Min(count, appended - taken)).Select(Name), records);
                        journal.Acknowledge(position);
                        taken += records.Count;
                        break;
                    default:
                        journal.Dispose();
                        journal = new Journal(folder, 1 << 20, 200, StreamLog.None);
                        break;
                }

                Assert.Equal(appended == taken, journal.Empty);
            }

            journal.Dispose();
            Directory.Delete(folder, recursive: true);
        }, iter: 100);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Name(int i) => $"record {i}";

    private static void Append(Journal journal, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            journal.Append(Encoding.UTF8.GetBytes(Name(i)));
        }
    }

    private static (List<string> Records, JournalPosition Position) Take(Journal journal, int most)
    {
        var records = new List<string>();
        var position = journal.Peek(record =>
        {
            if (records.Count == most)
            {
                return false;
            }

            records.Add(Encoding.UTF8.GetString(record));
            return true;
        });
        return (records, position);
    }

    private Journal Open() => new(_folder, 1 << 20, 1 << 16, StreamLog.None);
}
