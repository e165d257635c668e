using System.Diagnostics;
using Tidings.Brokers;
using Tidings.Data.Tests.World;
using Tidings.Engine;
using Tidings.Messages;

namespace Tidings.Data.Tests.Disk;

/// <summary>How fast it is on this machine; run when asked, by <c>-explicit only</c>. docs/decisions/018 has what it said.</summary>
public sealed class Figures : IAsyncDisposable
{
    private readonly DataWorld _world = new(TimeProvider.System);

    [Fact(Explicit = true)]
    public async Task Durable_messages_a_second_in_groups()
    {
        const int Publishers = 2000;
        const int Each = 250;
        var node = _world.Start();
        var (began, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await node.Broker.PublishAsync(Message($"c{publisher % 50}") with { Durable = true });
            }
        })));
        Say($"{Publishers * Each / Stopwatch.GetElapsedTime(began).TotalSeconds:N0} durable messages/s of 160 bytes, {Publishers} publishers, {(Environment.CpuUsage.TotalTime - before).TotalMicroseconds / (Publishers * Each):N1} µs of CPU each");
    }

    [Fact(Explicit = true)]
    public async Task One_message_after_the_other()
    {
        const int Count = 500_000;
        var node = _world.Start();
        for (var round = 0; round < 3; round++)
        {
            var began = Environment.CpuUsage;
            for (var i = 0; i < Count; i++)
            {
                await node.Broker.PublishAsync(Message("c"));
            }

            var used = Environment.CpuUsage;
            Say($"{(used.UserTime - began.UserTime).TotalMicroseconds / Count:N2} + {(used.PrivilegedTime - began.PrivilegedTime).TotalMicroseconds / Count:N2} µs of CPU a message, one publisher, not durable");
        }

        var memory = new MemoryBackplane(node.Hub, TimeProvider.System);
        var start = Environment.CpuUsage;
        for (var i = 0; i < Count; i++)
        {
            await memory.Broker.PublishAsync(Message("c"));
        }

        Say($"{(Environment.CpuUsage.TotalTime - start.TotalTime).TotalMicroseconds / Count:N2} µs of CPU a message in memory");
    }

    [Fact(Explicit = true)]
    public async Task One_durable_publisher_beside_ten_thousand_a_second()
    {
        var node = _world.Start();
        using var end = new CancellationTokenSource();
        var others = Task.Run(async () =>
        {
            var began = Stopwatch.GetTimestamp();
            for (var i = 0L; !end.IsCancellationRequested; i++)
            {
                await node.Broker.PublishAsync(Message($"c{i % 100}"));
                if (i % 10 == 0 && i / 10_000.0 > Stopwatch.GetElapsedTime(began).TotalSeconds)
                {
                    await Task.Delay(1);
                }
            }
        });
        List<double> took = [];
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < 10_000; i++)
        {
            while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < i)
            {
                await Task.Yield();
            }

            var began = Stopwatch.GetTimestamp();
            await node.Broker.PublishAsync(Message("durable") with { Durable = true });
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        await end.CancelAsync();
        await others;
        took.Sort();
        Say($"p50 {took[5000]:N2} ms, p99 {took[9900]:N2} ms, p99.9 {took[9990]:N2} ms, largest {took[^1]:N2} ms");
    }

    [Fact(Explicit = true)]
    public async Task Start_with_a_gigabyte()
    {
        var node = _world.Start();
        var publication = Message("c") with { Retention = new Retention(100_000, TimeSpan.FromHours(1)) };
        for (var i = 0; i < 4_500_000; i++)
        {
            await node.Broker.PublishAsync(publication with { Channel = $"channel:{i % 1000}" });
        }

        var killed = _world.Kill();
        await _world.StopAsync();
        var size = Directory.EnumerateFiles(killed.Layout.Logs).Sum(static file => new FileInfo(file).Length);
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.GetTimestamp();
        killed.Start();
        var took = Stopwatch.GetElapsedTime(began);
        Say($"{size >> 20} MB read in {took.TotalSeconds:N2} s; {(GC.GetTotalMemory(forceFullCollection: true) - before) >> 20} MB of memory");
        await killed.DisposeAsync();
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private static readonly byte[] s_data = [.. Enumerable.Repeat((byte)'1', 160)];

    private static Publication Message(string channel) => new(channel, new MessageData(DataKind.Json, s_data));

    private static void Say(string text) => TestContext.Current.TestOutputHelper!.WriteLine(text);
}
