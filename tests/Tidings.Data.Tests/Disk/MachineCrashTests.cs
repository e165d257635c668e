using System.Collections.Concurrent;
using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Data.Segments;
using Tidings.Data.Tests.World;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;

namespace Tidings.Data.Tests.Disk;

/// <summary>The file system is cut back to its last sync, as by a power cut: everything durable is there, of the rest all but the last moments, and no position has two payloads.</summary>
public sealed class MachineCrashTests : IAsyncDisposable
{
    private static readonly TimeSpan s_mostLost = TimeSpan.FromMilliseconds(50);

    // What a loaded machine may add before the journal's thread gets its turn.
    private static readonly TimeSpan s_scheduling = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, byte[]> _synced = new(StringComparer.Ordinal);

    private DataWorld _world = new(TimeProvider.System);

    [Fact]
    public async Task What_was_on_disk_is_there_and_no_position_is_used_twice()
    {
        var seed = Seeds.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var shown = new ConcurrentBag<Said>();
        for (var round = 0; round < 6; round++)
        {
            await CrashAsync(shown, new Random(seed + round), round);
        }

        Assert.All(shown.GroupBy(static said => (said.Channel, said.Position)), static same => Assert.Single(same.Select(static said => said.Text).Distinct()));
        Assert.Contains(shown, static said => said.Durable);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private async Task CrashAsync(ConcurrentBag<Said> shown, Random random, int round)
    {
        var node = _world.Start();
        _world.Backplane.Journal.BeforeSync = Note;
        var said = new ConcurrentBag<Said>();
        using var end = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, 6).Select(i => Task.Run(() => SpeakAsync(node, said, new Random(random.Next() + i), $"{round}.{i}", end.Token))).ToArray();
        await Task.Delay(random.Next(100, 300));

        // From here on nothing reaches the disk any more.
        var crashed = TimeProvider.System.GetTimestamp();
        var image = _synced.ToArray();
        var all = said.ToArray();
        await using var cut = _world.Kill();
        await end.CancelAsync();
        await Task.WhenAll(publishers);
        foreach (var file in Directory.EnumerateFiles(cut.Layout.Logs))
        {
            await CutBackAsync(file, image);
        }

        await _world.DisposeAsync();
        _world = cut.Kill();
        _world.Boot = $"start {round}";
        var after = _world.Start();
        foreach (var one in all)
        {
            shown.Add(one);
        }

        await JudgeAsync(after, all, crashed);
        await _world.StopAsync();
    }

    // What was synced stays, and behind it is what a file has that was never written.
    private static async Task CutBackAsync(string file, KeyValuePair<string, byte[]>[] image)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        var kept = image.FirstOrDefault(one => one.Key == Path.GetFileName(file)).Value ?? bytes[..Segment.HeaderLength];
        Array.Clear(bytes, Math.Min(kept.Length, bytes.Length), bytes.Length - Math.Min(kept.Length, bytes.Length));
        await File.WriteAllBytesAsync(file, bytes);
    }

    private static async Task JudgeAsync(BrokerNode node, Said[] all, long crashed)
    {
        var kept = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 5; i++)
        {
            kept.UnionWith((await node.ReadAsync($"c{i}", last: 100_000)).Messages.Select(static message => Encoding.UTF8.GetString(message.Data.Bytes.Span)));
        }

        Assert.All(all.Where(static one => one.Durable), one => Assert.Contains(one.Text, kept));
        Assert.All(
            all.Where(one => !kept.Contains(one.Text)),
            one => Assert.InRange(TimeProvider.System.GetElapsedTime(one.At, crashed), TimeSpan.FromHours(-1), s_mostLost + s_scheduling));
    }

    private static async Task SpeakAsync(BrokerNode node, ConcurrentBag<Said> said, Random random, string name, CancellationToken end)
    {
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            var durable = random.Next(4) == 0;
            var text = $"{name}.{i}";
            try
            {
                var channel = $"c{random.Next(5)}";
                var position = await node.SayAsync(channel, text, history: 100_000, durable: durable);
                said.Add(new Said(channel, position, text, durable, TimeProvider.System.GetTimestamp()));
            }
            catch (BrokerUnavailableException)
            {
                return;
            }

            if (random.Next(20) == 0)
            {
                await Task.Delay(1, CancellationToken.None);
            }
        }
    }

    private void Note(Segment segment)
    {
        var bytes = new byte[segment.End];
        for (var read = 0; read < bytes.Length;)
        {
            read += segment.Read(bytes.AsSpan(read), read);
        }

        _synced[Path.GetFileName(segment.Path)] = bytes;
    }

    private sealed record Said(string Channel, StreamPosition Position, string Text, bool Durable, long At);
}
