using System.Text;
using TestKit;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Tests.World;

namespace Tidings.Redis.Tests.Faults;

/// <content>What is done to the two servers, and what is said and read over them.</content>
public sealed partial class F06_Replicas
{
    private static string TextOf(Message message) => Encoding.UTF8.GetString(message.Data.Bytes.Span);

    private async Task<BrokerNode> NewNodeAsync()
    {
        var world = new RedisWorld($"127.0.0.1:{_front.Port}", static options => options.Replicas = 1);
        _worlds.Add(world);
        return await world.NodeAsync();
    }

    // The other server follows the one that nodes reach, and has everything.
    private async Task FollowAsync()
    {
        _replication.Target = _master.Port;
        await _replica.SendAsync("REPLICAOF", "127.0.0.1", $"{_replication.Port}");
        await Eventually.TrueAsync(async () => (await _replica.AskAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal), static () => "the replica follows");
    }

    private async Task LagAsync()
    {
        _replication.Target = 0;
        _replication.CutAll();
        await Eventually.TrueAsync(async () => (await _master.AskAsync("INFO", "replication")).Contains("connected_slaves:0", StringComparison.Ordinal), static () => "the replica is cut off");
    }

    // The replica leads from here on, and the old master is gone.
    private async Task FailOverAsync(bool restart = true)
    {
        await _master.KillAsync();
        await _replica.SendAsync("REPLICAOF", "NO", "ONE");
        (_master, _replica) = (_replica, _master);
        _front.Target = _master.Port;
        _front.CutAll();
        if (restart)
        {
            await _replica.StartAgainAsync();
        }
    }

    // The old master follows the new one, and leads again.
    private async Task FailBackAsync()
    {
        await FollowAsync();
        await FailOverAsync();
    }

    private async Task<StreamPosition> SayDurableAsync(string channel, int times)
    {
        var last = default(StreamPosition);
        for (var i = 0; i < times; i++)
        {
            last = await _node.SayAsync(channel, $"{i}", durable: true);
        }

        return last;
    }

    private Task<StreamPosition> SayAsync(string channel, string text) => WhenBackAsync(() => _node.SayAsync(channel, text, key: text, history: 1000));

    private async Task<StreamPosition?> TryDurableAsync(string text, string key)
    {
        try
        {
            return await _node.SayAsync("a", text, key: key, durable: true, history: 1000);
        }
        catch (Exception error) when (error is NotDurableException or BrokerUnavailableException)
        {
            return null;
        }
    }

    private async Task PutAsync(string key, string text) =>
        await WhenBackAsync(async () => (await _node.Broker.PublishAsync(new Publication("s", MessageData.Text(text)) { Key = key, Durable = true, Retention = Keyed }))!.Value);

    private async Task<IEnumerable<string>> StateAsync()
    {
        var part = await _node.Broker.ReadAsync("s", new HistoryRequest(null, 0) { State = true });
        return part.State.SelectMany(static message => message.State!.Entries).Select(entry => $"{entry.Key}={TextOf(entry)}").Order(StringComparer.Ordinal);
    }

    private static async Task<T> WhenBackAsync<T>(Func<Task<T>> ask)
    {
        T? answer = default;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    answer = await ask();
                    return true;
                }
                catch (BrokerUnavailableException)
                {
                    return false;
                }
            },
            static () => "Redis is back");
        return answer!;
    }
}
