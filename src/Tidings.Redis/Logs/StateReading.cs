using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Redis.Servers;

namespace Tidings.Redis.Logs;

/// <summary>One reading of a state that may be larger than one answer should be: page by page, and what has changed meanwhile together with the log, in one step.</summary>
/// <remarks>An entry that was there before the first page of a round, and has not changed since, is in the round. So it is enough to be told at the end which entries there are, with their offsets,
/// and the whole of those that are newer than the round's beginning. Where these are too many, another round reads what is newer than the last one's beginning.</remarks>
internal sealed class StateReading(string channel)
{
    // What arrives within the deadline of a call, also where much else is on its way: a state of so many bytes comes at once, a larger one in pages of about so many.
    private const int MostBytes = 2 << 20;
    private const int PageBytes = 512 << 10;

    // Rounds after which a state changes faster than it can be read.
    private const int MostRounds = 10;

    private readonly Dictionary<string, byte[]> _entries = new(StringComparer.Ordinal);
    private StreamPosition? _known;
    private int _rounds;

    /// <summary>What <c>read.lua</c> is told of it.</summary>
    public RedisValue[] Arguments => [MostBytes, _known?.Epoch ?? "", _known?.Offset ?? 0];

    /// <summary>Reads what the reader does not know, as <c>read.lua</c> has asked for by an answer of seven parts.</summary>
    /// <returns>False where the server's generation is another than that of <paramref name="link"/>.</returns>
    /// <exception cref="BrokerUnavailableException">It changes faster than it can be read.</exception>
    public async ValueTask<bool> ReadPagesAsync(RedisLink link, RedisAnswer[] answer, CancellationToken cancellationToken)
    {
        if (++_rounds > MostRounds)
        {
            throw new BrokerUnavailableException("The channel's state changes faster than it can be read.");
        }

        if (_known?.Epoch != (string)answer[0])
        {
            _entries.Clear();
            _known = null;
        }

        var count = Math.Max(1, (long)answer[5] * PageBytes / Math.Max(1, (long)answer[6]));
        var epoch = "";
        StreamPosition? begun = null;
        for (var cursor = "0"; ;)
        {
            var page = (RedisAnswer[])await link.Connection.EvaluateAsync(
                RedisScript.ReadState, [link.Keys.Generation, link.Keys.Log(channel), link.Keys.State(channel)], [link.Generation, epoch, cursor, count, _known?.Offset ?? 0], cancellationToken).ConfigureAwait(false);
            switch ((string)page[0])
            {
                case "generation":
                    return false;
                case "changed":
                    _known = null;
                    return true;
                case var its:
                    epoch = its;
                    begun ??= new StreamPosition(its, (long)page[1]);
                    Take((RedisAnswer[])page[3]);
                    cursor = (string)page[2];
                    break;
            }

            if (cursor == "0")
            {
                _known = begun;
                return true;
            }
        }
    }

    /// <summary>The whole state, by the last answer.</summary>
    /// <returns>Keys and entries in turn; null where something of it is not known after all.</returns>
    public IReadOnlyList<byte[]>? Complete(RedisAnswer[] answer)
    {
        var whole = new List<byte[]>(answer.Length);
        for (var i = 0; i + 1 < answer.Length; i += 2)
        {
            var entry = (byte[])answer[i + 1];
            if (entry.AsSpan().IndexOf((byte)'\n') < 0)
            {
                // Known by its offset alone.
                if (!_entries.TryGetValue((string)answer[i], out var known) || !known.AsSpan().StartsWith([.. entry, (byte)' ']))
                {
                    _known = null;
                    return null;
                }

                entry = known;
            }

            whole.Add(entry);
        }

        return whole;
    }

    private void Take(RedisAnswer[] page)
    {
        for (var i = 0; i + 1 < page.Length; i += 2)
        {
            _entries[(string)page[i]] = (byte[])page[i + 1];
        }
    }
}
