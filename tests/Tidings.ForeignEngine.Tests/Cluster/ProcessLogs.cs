using System.Security.Cryptography;
using System.Text;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;

namespace Tidings.ForeignEngine.Tests.Cluster;

/// <summary>All logs, and the broker of every node.</summary>
public sealed class ProcessLogs(ProcessCluster cluster) : IBroker
{
    private readonly Dictionary<string, ProcessLog> _logs = new(StringComparer.Ordinal);

    // How many logs of a channel have ended: no epoch of it is used again.
    private readonly Dictionary<string, int> _ended = new(StringComparer.Ordinal);
    private readonly string _secret = Guid.NewGuid().ToString("n");

    /// <summary>How many logs there are.</summary>
    public int Count
    {
        get
        {
            lock (cluster.Gate)
            {
                foreach (var channel in _logs.Keys.ToList())
                {
                    Find(channel);
                }

                return _logs.Count;
            }
        }
    }

    public ValueTask<StreamPosition?> PublishAsync(Publication publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publication);
        if (publication.Durable)
        {
            throw new NotDurableException("What the nodes of this process share ends with it.");
        }

        lock (cluster.Gate)
        {
            var now = cluster.Now;
            if (publication.Ephemeral)
            {
                cluster.Deliver(publication.ToMessage(default, now));
                return default;
            }

            var log = Find(publication.Channel) ?? (_logs[publication.Channel] = new ProcessLog(publication.Channel, EpochOf(publication.Channel)));
            if (publication.IdempotencyKey is { } key && log.FindRepeat(key, now) is { } first)
            {
                return ValueTask.FromResult<StreamPosition?>(first);
            }

            var message = log.Append(publication, now);
            cluster.Deliver(message);
            return ValueTask.FromResult<StreamPosition?>(message.Position);
        }
    }

    public ValueTask<int> EraseAsync(string channel, StreamPosition? position, CancellationToken cancellationToken = default)
    {
        lock (cluster.Gate)
        {
            if (Find(channel) is not { Top.Offset: > 0 } log)
            {
                return ValueTask.FromResult(0);
            }

            if (position is { } place)
            {
                if (!log.TryErase(place, cluster.Now))
                {
                    return ValueTask.FromResult(0);
                }

                cluster.Deliver(Message.Erased(MessageKind.Erasure, channel, place));
                return ValueTask.FromResult(1);
            }

            var count = log.CountForErasing(cluster.Now);
            End(channel);
            cluster.Deliver(Message.Cleared(channel, EpochOf(channel)));
            return ValueTask.FromResult(count);
        }
    }

    // Every node of the process hears everything.
    public ValueTask ListenAsync(string channel, CancellationToken cancellationToken = default) => default;

    public ValueTask<HistoryPart> ReadAsync(string channel, HistoryRequest request, CancellationToken cancellationToken = default)
    {
        lock (cluster.Gate)
        {
            var log = Find(channel) ?? new ProcessLog(channel, EpochOf(channel));
            return ValueTask.FromResult(log.Read(request, cluster.Now));
        }
    }

    private ProcessLog? Find(string channel)
    {
        if (!_logs.TryGetValue(channel, out var log))
        {
            return null;
        }

        if (!log.IsOver(cluster.Now) || cluster.HasSubscribers(channel))
        {
            return log;
        }

        End(channel);
        return null;
    }

    private void End(string channel)
    {
        _logs.Remove(channel);
        _ended[channel] = _ended.GetValueOrDefault(channel) + 1;
    }

    private string EpochOf(string channel) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_secret} {_ended.GetValueOrDefault(channel)} {channel}")).AsSpan(0, 8));
}
