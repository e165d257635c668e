using System.Globalization;
using Tidings.Quotas;
using Tidings.Redis.Servers;
using Tidings.Streams;

namespace Tidings.Redis.Streams;

/// <summary>Streams on Redis: each write is one script there. Safe from any thread.</summary>
internal sealed class RedisStreamStore(RedisShard[] shards, RedisOptions options, RedisMetrics metrics, long mostBytes) : IStreamStore
{
    public bool IsShared => true;

    public async ValueTask<StoredStream?> ReadAsync(string name, long from, int most, CancellationToken cancellationToken = default)
    {
        var link = await LinkAsync(name, cancellationToken).ConfigureAwait(false);
        var answer = (RedisAnswer[])await link.Connection.EvaluateAsync(
            RedisScript.ReadStream, [link.Keys.StreamHead(name), link.Keys.StreamBytes(name)], [from == long.MaxValue ? 0 : from, most == 0 ? "" : from + most - 1], cancellationToken).ConfigureAwait(false);
        if (answer.Length < 3)
        {
            return null;
        }

        if (long.TryParse((string)answer[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version) && StreamHeadJson.Read((byte[])answer[1], version) is { } head)
        {
            return new StoredStream(head, (byte[])answer[2]);
        }

        // Whatever it is that somebody else has written there, it is no stream.
        metrics.Dropped("stream");
        return null;
    }

    public async ValueTask<StreamWritten> WriteAsync(string name, StreamHead? former, StreamHead head, ReadOnlyMemory<byte> bytes, long now)
    {
        var link = await LinkAsync(name, CancellationToken.None).ConfigureAwait(false);
        var answer = (long)await link.Connection.EvaluateAsync(
            RedisScript.PutStream,
            [link.Keys.StreamHead(name), link.Keys.StreamBytes(name), link.Keys.DueStreams, link.Keys.StreamSums],
            [
                name, former is null ? "" : former.Version, head.Version, StreamHeadJson.Write(head), bytes, head.Length, mostBytes / shards.Length,
                head.Deadline is { } deadline ? deadline : "", .. Words(StreamShares.Changes(former, head)),
            ]).ConfigureAwait(false);
        return answer switch
        {
            1 => StreamWritten.Yes,
            2 => StreamWritten.Full,
            3 => StreamWritten.WriterFull,
            _ => StreamWritten.Stale,
        };
    }

    public async ValueTask<bool> RemoveAsync(string name, StreamHead known)
    {
        var link = await LinkAsync(name, CancellationToken.None).ConfigureAwait(false);
        return (long)await link.Connection.EvaluateAsync(
            RedisScript.RemoveStream,
            [link.Keys.StreamHead(name), link.Keys.StreamBytes(name), link.Keys.DueStreams, link.Keys.StreamSums],
            [name, known.Version, .. Words(StreamShares.Changes(known, null))]).ConfigureAwait(false) == 1;
    }

    public async ValueTask<IReadOnlyList<string>> ListDueAsync(long now, int most)
    {
        List<string> found = [];
        foreach (var shard in shards)
        {
            var link = await shard.GetLinkAsync().ConfigureAwait(false);
            foreach (var name in (RedisAnswer[])await link.Connection.ExecuteAsync("ZRANGEBYSCORE", link.Keys.DueStreams, "-inf", now, "LIMIT", 0, most - found.Count).ConfigureAwait(false))
            {
                found.Add((string)name);
            }

            if (found.Count >= most)
            {
                break;
            }
        }

        return found;
    }

    public async ValueTask<(long Streams, long Bytes)> CountAsync()
    {
        var bytes = 0L;
        foreach (var shard in shards)
        {
            var link = await shard.GetLinkAsync().ConfigureAwait(false);
            var answer = await link.Connection.ExecuteAsync("HGET", link.Keys.StreamSums, "all").ConfigureAwait(false);
            bytes += answer.IsNull ? 0 : long.Parse((string)answer, CultureInfo.InvariantCulture);
        }

        return (0, bytes);
    }

    private static IEnumerable<RedisValue> Words(IReadOnlyList<SenderChange> changes)
    {
        foreach (var (sender, more) in changes)
        {
            yield return sender.ToText() ?? "";
            yield return more;
        }
    }

    private ValueTask<RedisLink> LinkAsync(string name, CancellationToken cancellationToken) =>
        shards[RedisSpread.IndexOf(name, shards.Length)].GetLinkAsync(options.PublishWait, cancellationToken);
}
