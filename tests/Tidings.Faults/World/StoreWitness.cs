using System.Globalization;
using TestKit;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.World;

/// <summary>Reads logs where they lie, past all nodes: the streams of Redis.</summary>
internal sealed class StoreWitness(RedisServer redis, string prefix, RunJournal journal)
{
    private const int Page = 5000;

    /// <summary>Notes every entry of these channels' streams.</summary>
    public async Task ReadAsync(IEnumerable<string> channels)
    {
        foreach (var channel in channels)
        {
            var epoch = await redis.AskAsync("HGET", $"{prefix}log:{channel}", "e");
            var next = 1L;
            while (await ReadPageAsync(channel, epoch, next) is > 0 and var last)
            {
                next = last + 1;
            }
        }
    }

    /// <summary>The newest entry there is.</summary>
    public async Task<StreamPosition> TopAsync(string channel)
    {
        var epoch = await redis.AskAsync("HGET", $"{prefix}log:{channel}", "e");
        var newest = await redis.SendAsync("XREVRANGE", $"{prefix}stream:{channel}", "+", "-", "COUNT", "1");
        return new StreamPosition(epoch, newest.Split("\r\n").Select(OffsetOf).FirstOrDefault(static offset => offset > 0));
    }

    /// <returns>The last offset of the page; 0 where there was none.</returns>
    private async Task<long> ReadPageAsync(string channel, string epoch, long from)
    {
        var answer = await redis.SendAsync("XRANGE", $"{prefix}stream:{channel}", $"{from}-0", "+", "COUNT", string.Create(CultureInfo.InvariantCulture, $"{Page}"));
        var last = 0L;
        foreach (var line in answer.Split("\r\n"))
        {
            // An entry's id, and later its payload: a line about the message, then its data.
            if (OffsetOf(line) is > 0 and var offset)
            {
                last = offset;
            }
            else if (last > 0 && line.IndexOf('\n', StringComparison.Ordinal) is > 0 and var end)
            {
                journal.Of(channel).Read("Redis", new StreamPosition(epoch, last), Payload.NameOf(line[(end + 1)..]));
            }
        }

        return last;
    }

    private static long OffsetOf(string line) =>
        line.EndsWith("-0", StringComparison.Ordinal) && long.TryParse(line.AsSpan(0, line.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : 0;
}
