using System.Globalization;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Logs;

/// <content>Reading a page of a log, and the state with it.</content>
internal sealed partial class RedisBroker
{
    // More than the scripts tell of.
    private const int MostFormers = 32;

    private async Task<(StreamPosition Top, List<Message> Messages, IReadOnlyList<Message> State, string Formers)> ReadPageAsync(
        string channel, StreamPosition? position, int limit, CancellationToken cancellationToken, bool backwards = false, StateReading? state = null)
    {
        var shard = ShardOf(channel);
        var link = await shard.GetLinkAsync(_options.PublishWait, cancellationToken).ConfigureAwait(false);
        RedisKey[] keys = [link.Keys.Generation, link.Keys.Log(channel), link.Keys.Stream(channel), .. state is null ? (ReadOnlySpan<RedisKey>)[] : [link.Keys.State(channel)]];
        for (var attempt = 0; attempt < MostRenewals;)
        {
            var answer = (RedisAnswer[])await link.Connection.EvaluateAsync(
                RedisScript.Read,
                keys,
                [link.Generation, position?.Epoch ?? "", position?.Offset ?? 0, limit, Milliseconds(LogLife), backwards ? "1" : "0", .. state?.Arguments ?? []],
                cancellationToken).ConfigureAwait(false);
            if (answer.Length > 5 && await state!.ReadPagesAsync(link, answer, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            if (answer.Length == 5)
            {
                var top = new StreamPosition((string)answer[0], (long)answer[1]);
                if (state is null)
                {
                    return (top, Decode(channel, top, (RedisAnswer[])answer[2]), [], (string)answer[4]);
                }

                if (state.Complete((RedisAnswer[])answer[3]) is { } entries)
                {
                    return (top, Decode(channel, top, (RedisAnswer[])answer[2]), DecodeState(channel, top, entries), (string)answer[4]);
                }
            }

            link = await shard.RenewAsync(link).ConfigureAwait(false);
            attempt++;
        }

        throw new BrokerUnavailableException("Redis keeps reporting a new generation; the attempt was given up.");
    }

    // "epoch:offset epoch:offset"
    private List<StreamPosition> DecodeFormers(string formers)
    {
        var positions = new List<StreamPosition>();
        foreach (var former in formers.Split(' ', MostFormers, StringSplitOptions.RemoveEmptyEntries))
        {
            if (former.Split(':') is [var epoch, var reached] && long.TryParse(reached, NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
            {
                positions.Add(new StreamPosition(epoch, offset));
            }
            else
            {
                _metrics.Dropped("log");
            }
        }

        return positions;
    }

    private IReadOnlyList<Message> DecodeState(string channel, StreamPosition top, IReadOnlyList<byte[]> state)
    {
        var entries = new List<Message>(state.Count);
        foreach (var bytes in state)
        {
            if (LogEntry.DecodeState(channel, top.Epoch, bytes) is { Key: not null } entry)
            {
                entries.Add(entry);
            }
            else
            {
                _metrics.Dropped("state");
            }
        }

        return StatePart.Cut(channel, entries);
    }

    private List<Message> Decode(string channel, StreamPosition top, RedisAnswer[] entries)
    {
        var messages = new List<Message>(entries.Length / 3);
        for (var i = 0; i + 2 < entries.Length; i += 3)
        {
            if (long.TryParse((string)entries[i], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                && long.TryParse((string)entries[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var time)
                && LogEntry.Decode(channel, top with { Offset = offset }, time, (byte[])entries[i + 2]) is { } message)
            {
                messages.Add(message);
            }
            else
            {
                _metrics.Dropped("log");
            }
        }

        return messages;
    }
}
