using System.Buffers.Text;
using TestKit;

namespace Tidings.Faults.Processes;

/// <summary>Reads what Redis sends over one connection, reply by reply: tells connections of subscriptions from those of commands, holds up, and leaves out messages.</summary>
internal sealed class RespFilter(RedisLink link, int connection) : IByteFilter
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    private readonly List<byte> _pending = [];
    private LinkKind _kind = LinkKind.Commands;

    public async ValueTask<ReadOnlyMemory<byte>> PassAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var passed = Take(bytes.Span);
        var since = TimeProvider.System.GetTimestamp();
        while (link.IsSilent(_kind) && TimeProvider.System.GetElapsedTime(since) < LongestSilence)
        {
            await Task.Delay(Step, cancellationToken);
        }

        return passed;
    }

    private byte[] Take(ReadOnlySpan<byte> bytes)
    {
        _pending.AddRange(bytes);
        var all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending);
        var passed = new List<byte>(all.Length);
        var done = 0;
        while (ReplyLength(all[done..]) is > 0 and var length)
        {
            var reply = all.Slice(done, length);
            if (IsPush(reply, "subscribe"u8) || IsPush(reply, "psubscribe"u8))
            {
                _kind = LinkKind.Subscriptions;
            }

            var isMessage = IsPush(reply, "message"u8) || IsPush(reply, "pmessage"u8);
            if (!(isMessage && link.IsDeaf(connection)))
            {
                passed.AddRange(reply);
            }

            done += length;
        }

        _pending.RemoveRange(0, done);
        return [.. passed];
    }

    // *3\r\n$7\r\nmessage\r\n…
    private static bool IsPush(ReadOnlySpan<byte> reply, ReadOnlySpan<byte> name)
    {
        if (reply is not [(byte)'*' or (byte)'>', ..] || reply.IndexOf("\r\n"u8) is not (> 0 and var end) || reply[(end + 2)..] is not [(byte)'$', .. var rest])
        {
            return false;
        }

        return rest.IndexOf("\r\n"u8) is > 0 and var start && rest[(start + 2)..].StartsWith(name) && rest[(start + 2 + name.Length)..].StartsWith("\r\n"u8);
    }

    /// <returns>The length of the first reply; 0 where it is not whole yet.</returns>
    private static int ReplyLength(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        for (long left = 1; left > 0; left--)
        {
            var end = bytes[at..].IndexOf("\r\n"u8);
            if (end < 1)
            {
                return 0;
            }

            var isNumber = Utf8Parser.TryParse(bytes.Slice(at + 1, end - 1), out long number, out _);
            var type = bytes[at];
            at += end + 2;
            switch (type)
            {
                case (byte)'$' when isNumber && number >= 0:
                    at += (int)number + 2;
                    if (at > bytes.Length)
                    {
                        return 0;
                    }

                    break;
                case (byte)'*' or (byte)'>' when isNumber && number > 0:
                    left += number;
                    break;
            }
        }

        return at;
    }
}
