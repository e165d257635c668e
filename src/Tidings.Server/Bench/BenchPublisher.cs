using System.Text;

namespace Tidings.Server.Bench;

/// <summary>Speaks into one channel at a steady pace: what is late is sent at once, so a server that stalls is not spared.</summary>
internal sealed class BenchPublisher(BenchRun run, BenchMember member, int number)
{
    private readonly byte[] _frame = new byte[FrameWriting.LongestHeader + 512 + Math.Max(run.Plan.Size, BenchMessage.LongestHead)];
    private long _sent;

    public int Channel => member.Channel;

    /// <summary>How many it has sent.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Speaks from <paramref name="begin"/> to <paramref name="end"/>, timestamps of this process.</summary>
    public async Task RunAsync(long begin, long end, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        var step = (double)time.TimestampFrequency * run.Plan.Publishers / run.Plan.Rate;

        // Publishers take turns.
        var next = begin + (step * number / run.Plan.Publishers);
        while (next < end && !member.Ended.IsCompleted)
        {
            var now = time.GetTimestamp();
            if (now < next)
            {
                await Task.Delay(TimeSpan.FromSeconds(Math.Max(0.001, (next - now) / time.TimestampFrequency)), cancellationToken);
                continue;
            }

            next += step;
            var length = Write(new BenchMessage(number, _sent + 1, now));
            Volatile.Write(ref _sent, _sent + 1);
            try
            {
                await member.Socket.SendTextAsync(_frame.AsMemory(0, length), cancellationToken);
            }
            catch (IOException)
            {
                // The member tells how it has ended.
                return;
            }
        }
    }

    private int Write(BenchMessage message)
    {
        var at = FrameWriting.LongestHeader;
        if (run.Plan.Rooms)
        {
            return at + message.Write(_frame.AsSpan(at), run.Plan.Size);
        }

        at += Encoding.ASCII.GetBytes($"{{\"type\":\"publish\",\"channel\":\"{run.Plan.Name(Channel)}\",\"data\":\"", _frame.AsSpan(at));
        at += message.Write(_frame.AsSpan(at), run.Plan.Size);
        return at + Encoding.ASCII.GetBytes("\"}", _frame.AsSpan(at));
    }
}
