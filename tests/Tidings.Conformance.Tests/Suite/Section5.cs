using Tidings.Conformance.Tests.Client;
using static Tidings.Conformance.Tests.Client.WireFrame;
using static Tidings.Conformance.Tests.Suite.Chop;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>RFC 6455 §5.4: fragmentation.</summary>
internal static class Section5
{
    private static readonly byte[] One = Bytes("fragment1");
    private static readonly byte[] Two = Bytes("fragment2");
    private static readonly byte[] OneAndTwo = [.. One, .. Two];

    public static IEnumerable<SuiteCase> Cases => [.. Whole(), .. Broken(), .. WithPings()];

    private static IEnumerable<SuiteCase> Whole()
    {
        byte[][] fragments = [Encode(Text, One, final: false), Encode(Continuation, Two)];
        yield return SuiteCase.EchoOf("5.3", Text, OneAndTwo, fragments);
        yield return SuiteCase.EchoOf("5.4", Text, OneAndTwo, fragments, Frames);
        yield return SuiteCase.EchoOf("5.5", Text, OneAndTwo, fragments, Octets);
    }

    private static IEnumerable<SuiteCase> Broken()
    {
        var text = Encode(Text, Bytes("Hello, world!"));
        yield return SuiteCase.Failing("5.1", 1002, [Encode(Ping, One, final: false), Encode(Continuation, Two)]);
        yield return SuiteCase.Failing("5.2", 1002, [Encode(Pong, One, final: false), Encode(Continuation, Two)]);
        int[] chops = [Chop.Whole, Frames, Octets];
        for (var i = 0; i < chops.Length; i++)
        {
            yield return SuiteCase.Failing($"5.{9 + i}", 1002, [Encode(Continuation, One), text], chop: chops[i]);
            yield return SuiteCase.Failing($"5.{12 + i}", 1002, [Encode(Continuation, One, final: false), text], chop: chops[i]);
        }

        yield return SuiteCase.Failing(
            "5.15", 1002, [Encode(Text, One, final: false), Encode(Continuation, Two), Encode(Continuation, One, final: false), Encode(Text, Two)], "fragment1fragment2");
        foreach (var final in new[] { false, true })
        {
            byte[][] round = [Encode(Continuation, One, final), Encode(Text, Two, final: false), Encode(Continuation, One)];
            yield return SuiteCase.Failing(final ? "5.17" : "5.16", 1002, [.. round, .. round]);
        }

        yield return SuiteCase.Failing("5.18", 1002, [Encode(Text, One, final: false), Encode(Text, Two)]);
    }

    private static IEnumerable<SuiteCase> WithPings()
    {
        int[] chops = [Chop.Whole, Frames, Octets];
        for (var i = 0; i < chops.Length; i++)
        {
            var chop = chops[i];
            yield return new($"5.{6 + i}", async client =>
            {
                await client.SendFramesAsync([Encode(Text, One, final: false), Encode(Ping, Bytes("between")), Encode(Continuation, Two)], chop);
                await client.ExpectPongAsync(Bytes("between"));
                await client.ExpectMessageAsync(Text, OneAndTwo);
                await client.CloseAsync();
            });
        }

        yield return PongsBeforeTheMessageEnds("5.19", Chop.Whole);
        yield return PongsBeforeTheMessageEnds("5.20", Frames);
    }

    // The first pong is awaited before the message goes on.
    private static SuiteCase PongsBeforeTheMessageEnds(string id, int chop) => new(id, async client =>
    {
        await client.SendFramesAsync([Encode(Text, One, final: false), Encode(Continuation, Two, final: false), Encode(Ping, Bytes("first"))], chop);
        await client.ExpectPongAsync(Bytes("first"));
        await client.SendFramesAsync(
            [Encode(Continuation, One, final: false), Encode(Continuation, Two, final: false), Encode(Ping, Bytes("second")), Encode(Continuation, One)], chop);
        await client.ExpectPongAsync(Bytes("second"));
        await client.ExpectMessageAsync(Text, [.. OneAndTwo, .. OneAndTwo, .. One]);
        await client.CloseAsync();
    });
}
