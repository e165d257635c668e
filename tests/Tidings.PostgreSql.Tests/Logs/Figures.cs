using System.Diagnostics;
using System.Globalization;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.PostgreSql.Tests.World;
using Tidings.Redis.Tests.World;

namespace Tidings.PostgreSql.Tests.Logs;

/// <summary>Figures, told and not asserted: they are of this machine and of this moment.</summary>
public sealed class Figures(ITestOutputHelper output) : IClassFixture<SharedDatabase>
{
    private readonly SharedDatabase _database = new();

    [Fact(Explicit = true)]
    public async Task Publishes_a_second_over_a_thousand_channels()
    {
        await using var world = new PostgreSqlWorld(_database.ConnectionString);
        var node = await world.NodeAsync();
        var seconds = Seconds(10);
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async i =>
        {
            var count = 0;
            for (; clock.Elapsed.TotalSeconds < seconds; count++)
            {
                await PublishAsync(node, $"figures:{i}");
            }

            return count;
        }));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{counts.Sum() / clock.Elapsed.TotalSeconds:f0} publishes/s over 1,000 channels"));
    }

    [Fact(Explicit = true)]
    public async Task From_publish_to_delivery_on_another_node()
    {
        await using var world = new PostgreSqlWorld(_database.ConnectionString);
        var (one, two) = (await world.NodeAsync(), await world.NodeAsync());
        var times = new List<double>();
        var listeners = new List<TimedListener>();
        for (var i = 0; i < 100; i++)
        {
            listeners.Add(await TimedListener.OnAsync(two, $"lag:{i}", times));
        }

        var rate = int.Parse(Environment.GetEnvironmentVariable("TIDINGS_RATE") ?? "1000", CultureInfo.InvariantCulture);
        // What is compiled and prepared at first is no part of it.
        for (var i = 0; i < 300; i++)
        {
            await PublishAsync(one, "warm");
        }

        var (began, sent, work) = (Stopwatch.GetTimestamp(), 0, new List<Task>());
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < Seconds(10))
        {
            for (; sent < Stopwatch.GetElapsedTime(began).TotalSeconds * rate; sent++)
            {
                work.Add(PublishAsync(one, $"lag:{sent % 100}", Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture)));
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await Task.WhenAll(work);
        await Eventually.TrueAsync(() => Volatile.Read(ref TimedListener.Count) >= sent, "all have arrived");
        times.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{sent} at {rate}/s: p50 {times[times.Count / 2]:f1} ms, p99 {times[times.Count * 99 / 100]:f1} ms, longest {times[^1]:f1} ms"));
    }

    private static double Seconds(double usual) => double.Parse(Environment.GetEnvironmentVariable("TIDINGS_SECONDS") ?? usual.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static async Task PublishAsync(BrokerNode node, string channel, string text = "{\"paid\":true,\"amount\":12.5,\"currency\":\"EUR\"}") =>
        await node.Broker.PublishAsync(new Publication(channel, MessageData.Text(text)) { Retention = new Retention(100, TimeSpan.FromHours(1)) });

    private sealed class TimedListener(List<double> times) : IMessageListener
    {
        public static int Count;

        public static async Task<TimedListener> OnAsync(BrokerNode node, string channel, List<double> times)
        {
            var listener = new TimedListener(times);
            node.Hub.Listen(listener, channel);
            await node.Broker.ListenAsync(channel);
            return listener;
        }

        public void Offer(Message message)
        {
            var sent = long.Parse(System.Text.Encoding.UTF8.GetString(message.Data.Bytes.Span), CultureInfo.InvariantCulture);
            lock (times)
            {
                times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                Count++;
            }
        }
    }
}
