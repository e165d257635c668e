using System.Text;
using Tidings.Conformance.Tests.Client;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>One case, by the number it has in the Autobahn test suite, after which the suite is modelled.</summary>
/// <param name="Id">Section, group and case.</param>
/// <param name="Run">Sends what the case sends, and checks all that comes.</param>
/// <param name="Offer">The client's <c>Sec-WebSocket-Extensions</c>, or null.</param>
internal sealed record SuiteCase(string Id, Func<WireClient, Task> Run, string? Offer = null)
{
    public int Section => int.Parse(Id.AsSpan(0, Id.IndexOf('.')), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A message that comes back, and an orderly end.</summary>
    public static SuiteCase Echo(string id, int opcode, byte[] payload, int chop = 0) => new(id, async client =>
    {
        await client.SendAsync(WireFrame.Encode(opcode, payload), chop);
        await client.ExpectMessageAsync(opcode, payload);
        await client.CloseAsync();
    });

    /// <summary>Frames of which one message of <paramref name="opcode"/> becomes; <paramref name="chop"/> below 0 sends each frame by itself.</summary>
    public static SuiteCase EchoOf(string id, int opcode, byte[] message, IReadOnlyList<byte[]> frames, int chop = 0) => new(id, async client =>
    {
        await client.SendFramesAsync(frames, chop);
        await client.ExpectMessageAsync(opcode, message);
        await client.CloseAsync();
    });

    /// <summary>Frames that fail the connection at once; <paramref name="echoed"/> is what comes back before.</summary>
    public static SuiteCase Failing(string id, int code, IReadOnlyList<byte[]> frames, string? echoed = null, int chop = 0) => new(id, async client =>
    {
        await client.SendFramesAsync(frames, chop);
        if (echoed is not null)
        {
            await client.ExpectTextAsync(echoed);
        }

        await client.ExpectFailureAsync(code);
    });
}

/// <summary>How frames are cut for the network.</summary>
internal static class Chop
{
    public const int Whole = 0;
    public const int Octets = 1;

    /// <summary>Each frame in a write of its own.</summary>
    public const int Frames = -1;

    public static async Task SendFramesAsync(this WireClient client, IEnumerable<byte[]> frames, int chop)
    {
        if (chop != Frames)
        {
            await client.SendAsync(frames, chop);
            return;
        }

        foreach (var frame in frames)
        {
            await client.SendAsync(frame);
        }
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A pattern, over and over.</summary>
    public static byte[] Repeat(ReadOnlySpan<byte> pattern, int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = pattern[i % pattern.Length];
        }

        return bytes;
    }
}
