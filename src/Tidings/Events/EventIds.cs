using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tidings.Protocol;

namespace Tidings.Events;

/// <summary>Ids of events: the same event has the same id on every node.</summary>
internal static class EventIds
{
    private const int Bytes = 12;

    /// <summary>Of a message.</summary>
    public static string OfMessage(string channel, StreamPosition position) => Hash($"{channel}\n{position.Epoch}\n{position.Offset.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>Of a batch: the same events in the same order are the same batch.</summary>
    public static string OfBatch(IReadOnlyList<QueuedEvent> events)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var one in events)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(one.Id));
            hash.AppendData("\n"u8);
        }

        return Text(hash.GetHashAndReset());
    }

    /// <summary>Of a receiver.</summary>
    public static string Hash(string text) => Text(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Text(byte[] hash) => Convert.ToHexStringLower(hash.AsSpan(0, Bytes));
}

/// <summary>Ends of what a node holds, kept where others find them. One that is told gets the time of its telling.</summary>
internal static class EventWill
{
    public static byte[] Complete(ReadOnlySpan<byte> will, long time) => [.. will, .. ",\"time\":"u8, .. Encoding.ASCII.GetBytes(time.ToString(CultureInfo.InvariantCulture)), (byte)'}'];
}
