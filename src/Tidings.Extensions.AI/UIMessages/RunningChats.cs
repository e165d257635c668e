using System.Text;
using Tidings.Quotas;
using Tidings.Streams;

namespace Tidings.Extensions.AI.UIMessages;

/// <summary>Which task is the newest of a chat: for all nodes, and as long as tasks are kept. Safe from any thread.</summary>
/// <param name="streams">Where it is noted, under names that no route has.</param>
/// <param name="retention">How long a task is kept after its end.</param>
internal sealed class RunningChats(StreamEngine streams, TimeSpan retention)
{
    private const int LongestId = 128;

    /// <summary>Notes that a task has begun.</summary>
    /// <returns>False where there is no room.</returns>
    public async ValueTask<bool> NoteAsync(string chat, string task)
    {
        var line = Encoding.UTF8.GetBytes(task + "\n");
        while (true)
        {
            switch ((await streams.AppendAsync(NameOf(chat), new StreamAppend(Sender.Server, line))).Verdict)
            {
                case StreamVerdict.Appended:
                    return true;
                case StreamVerdict.TooLarge:
                    await streams.ForgetAsync(NameOf(chat));
                    continue;
                case not (StreamVerdict.NotFound or StreamVerdict.Gone):
                    return false;
            }

            // It lives by being read and written: a run that is longer has been looked at, or nobody asks for it.
            var creation = new StreamCreation(Sender.Server) { ContentType = StreamContentType.Text, Ttl = Math.Max(1, (long)retention.TotalSeconds) };
            if ((await streams.CreateAsync(NameOf(chat), creation)).Made is not (StreamMade.Yes or StreamMade.Exists))
            {
                return false;
            }
        }
    }

    /// <summary>The newest task of a chat; null where none is known.</summary>
    public async ValueTask<string?> FindAsync(string chat, CancellationToken cancellationToken)
    {
        if (await streams.FindAsync(NameOf(chat), cancellationToken) is not { } head || await streams.ReadAsync(NameOf(chat), Math.Max(0, head.Length - LongestId - 2), 2 * LongestId, cancellationToken) is not { } part)
        {
            return null;
        }

        var lines = Encoding.UTF8.GetString(part.Bytes.Span).Split('\n');
        return lines.Length > 1 ? lines[^2] : null;
    }

    private static string NameOf(string chat) => "chat " + chat;
}
