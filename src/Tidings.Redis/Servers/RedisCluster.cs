using System.Globalization;
using System.Net;
using StackExchange.Redis;
using Tidings.Brokers;

namespace Tidings.Redis.Servers;

/// <summary>A Redis Cluster, in which each of sixteen parts has all its keys in one slot, and so on one server at a time; finds out which.</summary>
/// <remarks>A part is to the node what an independent server is: it has its own links, generation and leases. Where its slot is led by another server the link has failed, and the next connection asks
/// anew. Safe from any thread.</remarks>
internal sealed class RedisCluster(ConfigurationOptions options)
{
    private const int MostServers = 100;

    // By sixteen parts that ask at once, the servers are asked once.
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(50);

    /// <summary>The hash tags of the parts: their slots lie as far from each other as can be, so that servers with equal shares of the slots have equal shares of the parts.</summary>
    public static readonly IReadOnlyList<string> Tags = ["18", "3", "0b", "j", "19", "2", "0c", "k", "6n", "1", "0d", "h", "08", "0", "0e", "i"];

    // CRC-16 (XMODEM) of each tag, modulo 16,384: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/.
    private static readonly int[] s_slots = [511, 1584, 2417, 3564, 4574, 5649, 6480, 7629, 8795, 9842, 10679, 11694, 13006, 13907, 14742, 15759];

    private readonly Lock _gate = new();
    private readonly HashSet<EndPoint> _servers = [.. options.EndPoints];
    private Task<IReadOnlyList<Range>>? _reading;
    private long _readAt;

    /// <summary>The slot of a part's keys.</summary>
    public static int SlotOf(int part) => s_slots[part];

    /// <returns>The options of a connection to the server that leads the part.</returns>
    /// <exception cref="BrokerUnavailableException">No server answers, or nobody leads the part.</exception>
    public async Task<ConfigurationOptions> FindAsync(int part, TimeProvider time, CancellationToken cancellationToken)
    {
        Task<IReadOnlyList<Range>> reading;
        lock (_gate)
        {
            if (_reading is null || (_reading.IsCompleted && time.GetElapsedTime(_readAt) > Freshness))
            {
                _reading = ReadAsync([.. _servers], time);
                _readAt = time.GetTimestamp();
            }

            reading = _reading;
        }

        var ranges = await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        return At(ranges.FirstOrDefault(range => range.First <= SlotOf(part) && SlotOf(part) <= range.Last)?.Leader
            ?? throw new BrokerUnavailableException($"No server of the Cluster has slot {SlotOf(part)}."));
    }

    private async Task<IReadOnlyList<Range>> ReadAsync(IReadOnlyList<EndPoint> servers, TimeProvider time)
    {
        // The newest view: a server that is cut off still holds to an old one.
        var views = await Task.WhenAll(servers.Select(server => AskAsync(server, time))).ConfigureAwait(false);
        var newest = views.Where(static view => view.Fault is null).MaxBy(static view => (view.IsWell, view.Epoch))?.Ranges
            ?? throw new BrokerUnavailableException($"No server of the Cluster answers: {views[0].Fault!.Message}", views[0].Fault!);
        lock (_gate)
        {
            _servers.UnionWith(newest.Select(static range => range.Leader).Take(MostServers - Math.Min(MostServers, _servers.Count)));
        }

        return newest;
    }

    private async Task<ClusterView> AskAsync(EndPoint server, TimeProvider time)
    {
        var connecting = ConnectionMultiplexer.ConnectAsync(At(server));
        try
        {
            var multiplexer = await connecting.WaitAsync(RedisServerAddress.ConnectTimeout, time).ConfigureAwait(false);
            var database = multiplexer.GetDatabase();
            await database.ExecuteAsync("SCRIPT", "LOAD", RedisScript.ClusterView.TextFor(null)).WaitAsync(RedisConnection.Deadline, time).ConfigureAwait(false);
            var answer = (RedisAnswer[])new RedisAnswer(
                await database.ScriptEvaluateAsync(RedisScript.ClusterView.HashFor(null), flags: CommandFlags.NoRedirect).WaitAsync(RedisConnection.Deadline, time).ConfigureAwait(false));
            return new ClusterView((string)answer[0] == "ok", long.Parse((string)answer[1], CultureInfo.InvariantCulture), [.. ((RedisAnswer[])answer[2]).Select(range => ReadRange((RedisAnswer[])range, server))]);
        }
        catch (Exception error) when (error is RedisException or TimeoutException or FormatException or InvalidCastException or IndexOutOfRangeException or ArgumentException)
        {
            return new ClusterView(IsWell: false, Epoch: 0, [], error);
        }
        finally
        {
            _ = connecting.ContinueWith(static late => RedisConnection.Drop(late.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
        }
    }

    // A server that has no name of its own for itself is where it was asked.
    private static Range ReadRange(RedisAnswer[] range, EndPoint asked)
    {
        var leader = (RedisAnswer[])range[2];
        var (host, port) = ((string?)leader[0], (int)(long)leader[1]);
        return new Range((int)(long)range[0], (int)(long)range[1], host is { Length: > 0 } and not "?" ? Named(host, port) : asked is IPEndPoint ip ? new IPEndPoint(ip.Address, port) : new DnsEndPoint(((DnsEndPoint)asked).Host, port));
    }

    private static EndPoint Named(string host, int port) => IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);

    private ConfigurationOptions At(EndPoint server)
    {
        var direct = options.Clone();
        direct.EndPoints.Clear();
        direct.EndPoints.Add(server);
        return direct;
    }

    private sealed record Range(int First, int Last, EndPoint Leader);

    private sealed record ClusterView(bool IsWell, long Epoch, IReadOnlyList<Range> Ranges, Exception? Fault = null);
}
