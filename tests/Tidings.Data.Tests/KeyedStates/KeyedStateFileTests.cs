using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Data.Directories;
using Tidings.Data.Logs;
using Tidings.Data.Tests.World;

namespace Tidings.Data.Tests.KeyedStates;

/// <summary>What becomes of a state's records in the files.</summary>
public sealed class KeyedStateFileTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly DataWorld _world;

    public KeyedStateFileTests() => _world = new DataWorld(_time);

    [Fact]
    public async Task An_entry_outlives_the_segment_that_it_was_written_in()
    {
        var node = _world.Start();
        var book = new StateBook("board");
        await book.SetAsync(node, "old", "kept");
        for (var i = 0; i < 3; i++)
        {
            await book.SetAsync(node, "busy", $"{i}");
            await FillAsync();
            await CompactAsync();
        }

        Assert.DoesNotContain(_world.Backplane.Journal.Segments, static segment => segment.Number == 1);
        await book.JudgeAsync(await _world.RestartAsync(), "after compaction");
        _time.Advance(TimeSpan.FromDays(40));
        await CompactAsync();
        await book.JudgeAsync(await _world.RestartAsync(), "after 40 days");
        Assert.Equal(2, DataReport.Read(_world.Layout.Root).Keys);
    }

    [Fact]
    public async Task A_key_that_was_taken_out_stays_out_though_its_removal_is_compacted_before_its_entry()
    {
        var node = _world.Start();
        var book = new StateBook("board");
        await book.SetAsync(node, "gone", "secret");

        // The first segment stays as it is, as most of it is kept.
        await FillAsync("kept", history: 10_000);
        await book.RemoveAsync(node, "gone");
        await FillAsync();
        await CompactAsync();
        await FillAsync();
        await CompactAsync();
        Assert.Contains(_world.Backplane.Journal.Segments, static segment => segment.Number == 1);
        Assert.DoesNotContain(_world.Backplane.Journal.Segments, static segment => segment.Number == 2);
        await book.JudgeAsync(await _world.RestartAsync(), "after compaction");
    }

    [Fact]
    public async Task Removals_do_not_pile_up_though_an_old_segment_stays()
    {
        var node = _world.Start();
        var book = new StateBook("board");
        await book.SetAsync(node, "first", "kept");
        await FillAsync("kept", history: 10_000);
        var broker = node.Broker;
        var retention = new Retention(0, TimeSpan.FromHours(1)) { State = new StateBounds(10, 10_000) };
        for (var i = 0; i < 40_000; i++)
        {
            await broker.PublishAsync(new Publication("other", Messages.MessageData.Text("x")) { Key = $"{i}", Retention = retention });
            await broker.PublishAsync(new Publication("other", default) { Kind = Messages.MessageKind.KeyRemoval, Key = $"{i}", Retention = retention });
        }

        await FillAsync();
        await CompactAsync();
        await FillAsync();
        await CompactAsync();
        Assert.InRange(_world.Backplane.Journal.Segments.Sum(static segment => segment.Records), 1, 2_000);
        node = await _world.RestartAsync();
        await book.JudgeAsync(node, "after compaction");
        Assert.Empty((await node.Broker.ReadAsync("other", new HistoryRequest(null, 0) { State = true })).State.Single().State!.Entries);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_file_holds_what_was_erased_nor_what_stood_under_its_key_before(bool all)
    {
        var node = _world.Start();
        var book = new StateBook("board");
        await book.SetAsync(node, "needle", "needle-1");
        await book.SetAsync(node, "other", "stays");
        await FillAsync("kept", history: 10_000);
        await book.SetAsync(node, "needle", "needle-2");
        if (all)
        {
            await node.Broker.EraseAsync("board", null);
        }
        else
        {
            await book.EraseAsync(node, "needle");
        }

        await using var killed = _world.Kill();
        await _world.StopAsync();
        node = killed.Start();
        for (var i = 0; i < 55 && Holds(killed, "needle"); i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20);
        }

        await Eventually.TrueAsync(() => !Holds(killed, "needle"), "it is in no file");
        node = await killed.RestartAsync();
        if (!all)
        {
            await book.JudgeAsync(node, "after erasing");
        }

        Assert.Equal(!all, Holds(killed, "stays"));
    }

    [Fact]
    public async Task After_a_sync_that_failed_the_state_is_in_another_segment_and_survives_compaction_and_a_kill()
    {
        var node = _world.Start();
        var book = new StateBook("board");
        await book.SetAsync(node, "a", "1", durable: true);
        var broken = true;
        _world.Backplane.Journal.BeforeSync = _ =>
        {
            if (Volatile.Read(ref broken))
            {
                throw new IOException("no luck");
            }
        };
        await book.SetAsync(node, "b", "1");
        await Eventually.TrueAsync(() => _world.Backplane.Journal.Fault is not null, "it fails");
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => book.SetAsync(node, "c", "1"));
        await book.JudgeAsync(node, "meanwhile");
        Volatile.Write(ref broken, false);
        await Eventually.TrueAsync(() => _world.Backplane.Journal.Fault is null, "it goes on by itself");
        await book.RemoveAsync(node, "a");
        await FillAsync();
        await CompactAsync();
        await FillAsync();
        await CompactAsync();
        await using var killed = _world.Kill();
        await book.JudgeAsync(killed.Start(), "after a kill");
    }

    [Fact]
    public async Task What_of_a_segment_cannot_be_read_any_more_is_written_anew_from_memory()
    {
        var node = _world.Start();
        var book = new StateBook("board");
        await book.SetAsync(node, "gone", "1");
        await FillAsync();
        for (var i = 0; i < 50; i++)
        {
            await book.SetAsync(node, $"k{i}", $"{i}");
        }

        await book.RemoveAsync(node, "gone");
        await FillAsync();
        await using (var file = new FileStream(_world.Layout.Segment(2), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            file.Position = 2000;
            file.Write("damage"u8);
        }

        await CompactAsync();
        await FillAsync();
        await CompactAsync();
        await book.JudgeAsync(await _world.RestartAsync(), "after compaction");
    }

    [Fact]
    public async Task A_backup_has_it()
    {
        var node = _world.Start();
        var book = new StateBook("board", history: 2);
        for (var i = 0; i < 20; i++)
        {
            await book.SetAsync(node, $"{i % 7}", $"{i}");
        }

        var file = Path.Combine(Path.GetTempPath(), $"tidings-{Guid.NewGuid():N}.tar");
        await using var restored = new DataWorld(_time);
        try
        {
            DataBackup.Write(_world.Layout.Root, file);
            Directory.CreateDirectory(restored.Layout.Root);
            System.Formats.Tar.TarFile.ExtractToDirectory(file, restored.Layout.Root, overwriteFiles: false);
        }
        finally
        {
            File.Delete(file);
        }

        node = restored.Start();
        await book.JudgeAsync(node, "restored", isSameEpoch: false);
        Assert.Equal(7, (await node.Broker.ReadAsync("board", new HistoryRequest(null, 0) { State = true })).State.Sum(static one => one.State!.Entries.Count));
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task CompactAsync()
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        await ((DataBroker)_world.Node!.Broker).Compactor.CompactAsync();
    }

    // Until the segment that is written is another one.
    private async Task FillAsync(string channel = "filler", int history = 1)
    {
        var journal = _world.Backplane.Journal;
        var number = journal.Segments[^1].Number;
        while (journal.Segments[^1].Number == number)
        {
            await _world.Node!.SayAsync(channel, new string('x', 50_000), history: history);
        }
    }

    private static bool Holds(DataWorld world, string text)
    {
        foreach (var file in Directory.EnumerateFiles(world.Layout.Logs))
        {
            try
            {
                using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                using var bytes = new MemoryStream();
                stream.CopyTo(bytes);
                if (bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0)
                {
                    return true;
                }
            }
            catch (FileNotFoundException)
            {
                // It has just been written anew.
            }
        }

        return false;
    }
}
