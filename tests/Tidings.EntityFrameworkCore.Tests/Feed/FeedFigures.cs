using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;

namespace Tidings.EntityFrameworkCore.Tests.Feed;

/// <summary>How long events take from the commit to who watches, at 500 commits a second. Runs when asked, on a quiet machine: -explicit only -class '*FeedFigures' -showLiveOutput.</summary>
public sealed class FeedFigures
{
    private const int Rows = 100;
    private const int Watching = 100;
    private const int Timed = 10;
    // TIDINGS_COMMITS: another rate, for machines that are not quiet.
    private static readonly int PerSecond = int.Parse(Environment.GetEnvironmentVariable("TIDINGS_COMMITS") ?? "500", CultureInfo.InvariantCulture);
    private const int Writing = 8;
    private const int Seconds = 20;
    private const int Warm = 3;

    [Fact(Explicit = true)]
    public async Task Commit_to_delivery()
    {
        var database = PostgreSqlServer.Shared.CreateDatabase();
        await using var app = await ShopApp.StartAsync(database);
        var ids = new List<int>();
        for (var i = 0; i < Rows; i++)
        {
            ids.Add(await app.AddAsync($"item {i}", "fruit"));
        }

        // The name of a row carries which commit wrote it.
        var committed = new long[(Seconds + Warm + 5) * PerSecond];
        var latencies = new List<double>[Timed];
        var clients = new List<FeedClient>();
        var reading = new List<Task>();
        using var end = new CancellationTokenSource();
        for (var i = 0; i < Timed; i++)
        {
            var (client, _) = await app.SubscribeAsync();
            clients.Add(client);
            var list = latencies[i] = [];
            reading.Add(Task.Run(() => ReadAsync(client, committed, list)));
        }

        // The others only read: what .NET's client and a JSON document cost is not the server's.
        for (var i = Timed; i < Watching; i++)
        {
            reading.Add(ReadRawAsync(app.Port, end.Token));
        }

        var next = -1;
        var late = 0;
        var begun = Stopwatch.GetTimestamp();
        var most = 0L;
        await Task.WhenAll(Enumerable.Range(0, Writing).Select(writer => Task.Run(async () =>
        {
            while (true)
            {
                var number = Interlocked.Increment(ref next);
                if (number >= (Seconds + Warm) * PerSecond)
                {
                    return;
                }

                var due = TimeSpan.FromSeconds((double)number / PerSecond) - Stopwatch.GetElapsedTime(begun);
                if (due > TimeSpan.Zero)
                {
                    await Task.Delay(due);
                }
                else if (due < TimeSpan.FromMilliseconds(-100))
                {
                    Interlocked.Increment(ref late);
                }

                await app.UseAsync(async db =>
                {
                    var item = new Item { Id = ids[number % Rows], Name = string.Create(CultureInfo.InvariantCulture, $"{number}"), Category = "fruit", Price = 1 };
                    db.Update(item);
                    await db.SaveChangesAsync();
                });
                Volatile.Write(ref committed[number], Stopwatch.GetTimestamp());
                if (number % PerSecond == 0)
                {
                    most = Math.Max(most, long.Parse(PostgreSqlServer.Shared.Query(new Npgsql.NpgsqlConnectionStringBuilder(database).Database!, "select count(*) from tidings_outbox"), CultureInfo.InvariantCulture));
                }
            }
        })));
        var took = Stopwatch.GetElapsedTime(begun);
        var commits = (Seconds + Warm) * PerSecond;
        await Eventually.TrueAsync(() => Task.FromResult(latencies.All(list => Count(list) == commits)), () => $"{latencies.Sum(Count)} of {commits * Timed} deliveries", TimeSpan.FromSeconds(30));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await end.CancelAsync();
        await Task.WhenAll(reading);
        var all = latencies.SelectMany(static list => list.Skip(Warm * PerSecond)).Order().ToList();
        double At(double share) => all[(int)(share * (all.Count - 1))];
        var size = PostgreSqlServer.Shared.Query(new Npgsql.NpgsqlConnectionStringBuilder(database).Database!, "select pg_size_pretty(pg_total_relation_size('tidings_outbox'))");
        var text = string.Create(CultureInfo.InvariantCulture, $"{commits / took.TotalSeconds:0} commits/s, {Watching} subscribers, {all.Count} deliveries to {Timed} of them timed: p50 {At(0.5):0.0} ms, p99 {At(0.99):0.0} ms, p99.9 {At(0.999):0.0} ms, most {all[^1]:0.0} ms; late commits {late}; most rows in the outbox {most}, its table {size}");
        TestContext.Current.SendDiagnosticMessage(text);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Assert.True(At(0.99) < 100, text);
    }

    private static async Task ReadRawAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var buffer = new byte[64 * 1024];
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /ws/items HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), cancellationToken);
            await socket.ReceiveAsync(buffer, cancellationToken);

            // A masked text frame whose mask is zero.
            var command = """{"type":"subscribe"}"""u8.ToArray();
            await socket.SendAsync((byte[])[0x81, (byte)(0x80 | command.Length), 0, 0, 0, 0, .. command], cancellationToken);
            while (await socket.ReceiveAsync(buffer, cancellationToken) > 0)
            {
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            // The end.
        }
    }

    private static int Count(List<double> list)
    {
        lock (list)
        {
            return list.Count;
        }
    }

    private static async Task ReadAsync(FeedClient client, long[] committed, List<double> latencies)
    {
        try
        {
            while (await client.ReceiveAsync(TimeSpan.FromSeconds(60)) is { } message)
            {
                var now = Stopwatch.GetTimestamp();
                var number = int.Parse(message.GetProperty("data").GetProperty("name").GetString()!, CultureInfo.InvariantCulture);
                var at = Volatile.Read(ref committed[number]);
                lock (latencies)
                {
                    // Delivered before its writer has heard of the commit: at once.
                    latencies.Add(at == 0 ? 0 : Stopwatch.GetElapsedTime(at, now).TotalMilliseconds);
                }
            }
        }
        catch (Exception error) when (error is System.Net.WebSockets.WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The end.
        }
    }
}
