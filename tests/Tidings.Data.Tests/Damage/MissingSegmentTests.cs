using System.Text;
using TestKit;
using Tidings.Data.Directories;
using Tidings.Data.Segments;
using Tidings.Data.Tests.World;
using Tidings.Protocol;

namespace Tidings.Data.Tests.Damage;

/// <summary>A segment that is missing, older than it was or another one, and a list of segments that is: epochs are new, and a check says so before.</summary>
public sealed class MissingSegmentTests : IAsyncDisposable
{
    private readonly DataWorld _world = new();

    [Fact]
    public async Task Each_missing_segment_ends_in_new_epochs_and_is_named_by_a_check()
    {
        var last = await FillAsync(_world, segments: 3);
        await using var original = _world.Kill();
        var numbers = original.Layout.Segments();
        Assert.True(numbers.Count >= 3);
        Assert.Empty(DataReport.Read(original.Layout.Root).Damage);
        foreach (var number in numbers)
        {
            await using var missing = original.Kill();
            File.Delete(missing.Layout.Segment(number));
            await AssertNewEpochsAsync(missing, last, $"{number:D10}.seg is missing");
        }
    }

    [Fact]
    public async Task A_directory_that_was_closed_misses_none_either()
    {
        var last = await FillAsync(_world, segments: 3);
        await _world.StopAsync();
        await using var missing = _world.Kill();
        File.Delete(missing.Layout.Segment(2));
        await AssertNewEpochsAsync(missing, last, "0000000002.seg is missing");
    }

    [Fact]
    public async Task A_segment_that_is_older_than_it_was_ends_in_new_epochs()
    {
        await FillAsync(_world, segments: 1);
        await using var earlier = _world.Kill();
        var last = await FillAsync(_world, segments: 3);
        await Eventually.TrueAsync(() => SegmentListFile.Read(_world.Layout)![1].End > 0, "its end is noted");
        await using var exchanged = _world.Kill();
        File.Copy(earlier.Layout.Segment(1), exchanged.Layout.Segment(1), overwrite: true);
        await AssertNewEpochsAsync(exchanged, last, "0000000001.seg ends at byte");
    }

    [Fact]
    public async Task A_segment_of_another_directory_is_not_read()
    {
        await using var other = new DataWorld();
        other.Start();
        await other.Node!.SayAsync("theirs", "secret", history: 1000);
        await other.StopAsync();
        var last = await FillAsync(_world, segments: 3);
        await using var exchanged = _world.Kill();
        File.Copy(other.Layout.Segment(1), exchanged.Layout.Segment(1), overwrite: true);
        await AssertNewEpochsAsync(exchanged, last, "0000000001.seg is not the segment that was written");
        Assert.Empty((await exchanged.Node!.ReadAsync("theirs", last: 10)).Messages);
        Assert.True(File.Exists(exchanged.Layout.Segment(1) + ".damaged"));
    }

    [Theory]
    [InlineData(ListFault.Missing)]
    [InlineData(ListFault.Flipped)]
    [InlineData(ListFault.Cut)]
    [InlineData(ListFault.Older)]
    [InlineData(ListFault.MissingWithAllSegments)]
    public async Task A_list_that_is_not_the_one_that_was_written_ends_in_new_epochs(ListFault fault)
    {
        await FillAsync(_world, segments: 1);
        await using var earlier = _world.Kill();
        var last = await FillAsync(_world, segments: 3);
        await using var damaged = _world.Kill();
        var bytes = await File.ReadAllBytesAsync(damaged.Layout.SegmentList);
        switch (fault)
        {
            case ListFault.Missing:
                File.Delete(damaged.Layout.SegmentList);
                break;
            case ListFault.Flipped:
                bytes[40] ^= 1;
                await File.WriteAllBytesAsync(damaged.Layout.SegmentList, bytes);
                break;
            case ListFault.Cut:
                await File.WriteAllBytesAsync(damaged.Layout.SegmentList, bytes[..64]);
                break;
            case ListFault.Older:
                File.Copy(earlier.Layout.SegmentList, damaged.Layout.SegmentList, overwrite: true);
                break;
            default:
                File.Delete(damaged.Layout.SegmentList);
                damaged.Layout.Segments().ToList().ForEach(number => File.Delete(damaged.Layout.Segment(number)));
                break;
        }

        await AssertNewEpochsAsync(damaged, last, "list of segments");
    }

    [Fact]
    public async Task A_list_outlives_more_changes_than_it_has_room_for()
    {
        await using var world = new DataWorld();
        world.Start();
        var list = SegmentList.Create(world.Layout, []);
        var (kept, gone) = (Segment.Create(world.Layout, list, 100, 4096), Segment.Create(world.Layout, list, 101, 4096));
        for (var i = 0; i < 1100; i++)
        {
            list.Remove(gone);
            list.Add(gone);
        }

        list.End(kept);
        Assert.Equal([(100, Segment.HeaderLength), (101, 0)], SegmentListFile.Read(world.Layout)!.Values.Select(static one => (one.Number, one.End)).Order());
        Assert.Equal(64 << 10, new FileInfo(world.Layout.SegmentList).Length);
        list.Dispose();
        kept.Unpin();
        gone.Unpin();
    }

    [Fact]
    public async Task A_segment_that_was_being_removed_when_the_process_was_killed_is_no_damage()
    {
        await FillAsync(_world, segments: 1);
        await using var earlier = _world.Kill();
        await FillAsync(_world, segments: 3, history: 1);
        var compactor = ((Logs.DataBroker)_world.Node!.Broker).Compactor;
        while (_world.Layout.Segments().Contains(1))
        {
            await compactor.CompactAsync();
        }

        var last = await _world.Node.SayAsync("news", "after", history: 1000);
        await using var killed = _world.Kill();
        File.Copy(earlier.Layout.Segment(1), killed.Layout.Segment(1));
        Assert.Empty(DataReport.Read(killed.Layout.Root).Damage);
        Assert.True((await killed.Start().ReadAsync("news", last)).Recovered);
        Assert.False(File.Exists(killed.Layout.Segment(1)));
    }

    [Fact]
    public async Task A_write_that_a_kill_cut_short_is_no_damage_though_the_next_segment_is_ready()
    {
        await using var world = new DataWorld(TimeProvider.System);
        var last = await FillAsync(world, segments: 1);
        var journal = world.Backplane.Journal;
        while (journal.Segments[^1].End < journal.Segments[^1].Capacity * 2 / 3)
        {
            last = await world.Node!.SayAsync("news", new string('x', 50_000), history: 1000);
        }

        await Eventually.TrueAsync(() => SegmentListFile.Read(world.Layout)!.Count == 2, "the next one is listed");
        var position = journal.Segments[^1].End;
        await using var killed = world.Kill();
        var path = killed.Layout.Segment(1);
        var bytes = await File.ReadAllBytesAsync(path);
        var cut = ((position / 4096) + 1) * 4096;
        BitConverter.TryWriteBytes(bytes.AsSpan(position), 9000);
        bytes.AsSpan(position + 4, cut - position - 4).Fill(7);
        await File.WriteAllBytesAsync(path, bytes);
        Assert.Equal("", string.Join("; ", DataReport.Read(killed.Layout.Root).Damage));
        Assert.True((await killed.Start().ReadAsync("news", last)).Recovered);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static async Task<StreamPosition> FillAsync(DataWorld world, int segments, int history = 100_000)
    {
        var node = world.Node ?? world.Start();
        var last = await node.SayAsync("news", "first", history: history);
        while (world.Backplane.Journal.Segments.Count < segments)
        {
            last = await node.SayAsync("news", new string('x', 50_000), history: history);
        }

        return last;
    }

    private static async Task AssertNewEpochsAsync(DataWorld world, StreamPosition last, string damage)
    {
        var report = DataReport.Read(world.Layout.Root);
        Assert.Contains(report.Damage, one => one.Contains(damage, StringComparison.Ordinal));
        Assert.Contains(report.Notes, static note => note.StartsWith("The next start begins new epochs", StringComparison.Ordinal));
        var part = await world.Start().ReadAsync("news", last: 100_000);
        Assert.NotEqual(last.Epoch, part.Top.Epoch);
        Assert.All(part.Messages, static message => Assert.True(message.Data.Bytes.Length is 50_000 or 5, Encoding.UTF8.GetString(message.Data.Bytes.Span)));
    }

    public enum ListFault
    {
        Missing,
        Flipped,
        Cut,
        Older,
        MissingWithAllSegments,
    }
}
