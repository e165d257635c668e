using Tidings.Conformance.Tests.Client;
using static Tidings.Conformance.Tests.Client.WireFrame;
using static Tidings.Conformance.Tests.Suite.Chop;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>RFC 6455 §8.1: UTF-8, and that what is not is refused with its first bad byte.</summary>
internal static class Section6
{
    // Time in which a server would have failed the connection that it must not fail yet.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(50);

    private static readonly byte[] Mixed = Bytes("Hello-µ@ßöäüàá-UTF-8!!");
    private static readonly byte[] Kosme = Convert.FromHexString("CEBAE1BDB9CF83CEBCCEB5");

    public static IEnumerable<SuiteCase> Cases => [.. Fragments(), .. FailFast(), .. Sequences()];

    private static IEnumerable<SuiteCase> Fragments()
    {
        yield return SuiteCase.Echo("6.1.1", Text, []);
        yield return SuiteCase.EchoOf("6.1.2", Text, [], [Encode(Text, [], final: false), Encode(Continuation, [], final: false), Encode(Continuation, [])]);
        yield return SuiteCase.EchoOf("6.1.3", Text, Bytes("in the middle"), [Encode(Text, [], final: false), Encode(Continuation, Bytes("in the middle"), final: false), Encode(Continuation, [])]);
        yield return SuiteCase.Echo("6.2.1", Text, Mixed);
        yield return SuiteCase.EchoOf("6.2.2", Text, Mixed, [Encode(Text, Mixed.AsSpan(0, 15), final: false), Encode(Continuation, Mixed.AsSpan(15))]);
        yield return SuiteCase.EchoOf("6.2.3", Text, Mixed, Fragment(Text, Mixed, 1));
        yield return SuiteCase.EchoOf("6.2.4", Text, Kosme, Fragment(Text, Kosme, 1));

        byte[] surrogate = [.. Kosme, 0xED, 0xA0, 0x80, .. "edited"u8];
        yield return SuiteCase.Failing("6.3.1", 1007, [Encode(Text, surrogate)]);
        yield return SuiteCase.Failing("6.3.2", 1007, Fragment(Text, surrogate, 1));
    }

    // U+110000: the thirteenth byte is the first that cannot be. Nothing after it is ever sent.
    private static IEnumerable<SuiteCase> FailFast()
    {
        byte[] beyond = [.. Kosme, 0xF4, 0x90, 0x80, 0x80, .. "edited"u8];
        yield return InFrames("6.4.1", beyond, 11, 15);
        yield return InFrames("6.4.2", beyond, 12, 13);
        yield return InOneFrame("6.4.3", beyond, 11, 15);
        yield return InOneFrame("6.4.4", beyond, 12, 13);
    }

    private static SuiteCase InFrames(string id, byte[] message, int good, int bad) => new(id, async client =>
    {
        await client.SendAsync(Encode(Text, message.AsSpan(0, good), final: false));
        await client.SendAsync(Encode(Ping, Bytes("still here")));
        await client.ExpectPongAsync(Bytes("still here"));
        await client.SendAsync(Encode(Continuation, message.AsSpan(good, bad - good), final: false));
        await client.ExpectFailureAsync(1007);
    });

    private static SuiteCase InOneFrame(string id, byte[] message, int good, int bad) => new(id, async client =>
    {
        var frame = Encode(Text, message);
        var header = frame.Length - message.Length;
        await client.SendAsync(frame.AsMemory(0, header + good));
        await client.ExpectSilenceAsync(Silence);
        await client.SendAsync(frame.AsMemory(header + good, bad - good));
        await client.ExpectFailureAsync(1007);
    });

    private static IEnumerable<SuiteCase> Sequences() =>
        Utf8Sequences.Groups.SelectMany((group, g) => group.Select((sequence, i) => sequence.Valid
            ? SuiteCase.Echo($"6.{g + 5}.{i + 1}", Text, sequence.Bytes)
            : SuiteCase.Failing($"6.{g + 5}.{i + 1}", 1007, [Encode(Text, sequence.Bytes)])));
}
