using Tidings.Conformance.Tests.Client;
using static Tidings.Conformance.Tests.Client.WireFrame;
using static Tidings.Conformance.Tests.Suite.Chop;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>RFC 6455 §5.5.1 and §7: closing.</summary>
internal static class Section7
{
    private static readonly int[] GoodCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    private static readonly int[] BadCodes = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
    private static readonly byte[] Normal = Encode(Close, Closing(1000));

    public static IEnumerable<SuiteCase> Cases =>
    [
        .. Behaviour(),
        .. Lengths(),
        SuiteCase.Failing("7.5.1", 1007, [Encode(Close, Closing(1000, Convert.FromHexString("CEBAE1BDB9CF83CEBCCEB5EDA080656469746564")))]),
        .. GoodCodes.Select((code, i) => Answered($"7.7.{i + 1}", Closing(code), Closing(code))),
        .. BadCodes.Select((code, i) => SuiteCase.Failing($"7.9.{i + 1}", 1002, [Encode(Close, Closing(code))])),
        SuiteCase.Failing("7.13.1", 1002, [Encode(Close, Closing(5000))]),
        SuiteCase.Failing("7.13.2", 1002, [Encode(Close, Closing(65535))]),
    ];

    private static IEnumerable<SuiteCase> Behaviour()
    {
        var text = Encode(Text, Bytes("Hello, world!"));
        yield return new("7.1.1", async client =>
        {
            await client.SendAsync([text, Normal]);
            await client.ExpectTextAsync("Hello, world!");
            await client.ExpectCloseAnswerAsync(Closing(1000));
        });
        yield return Ignored("7.1.2", [Normal, Encode(Close, [])]);
        yield return Ignored("7.1.3", [Normal, Encode(Ping, [])]);
        yield return Ignored("7.1.4", [Normal, text]);
        yield return Ignored("7.1.5", [Encode(Text, Bytes("fragment1"), final: false), Normal, Encode(Continuation, Bytes("fragment2"))]);
        yield return new("7.1.6", async client =>
        {
            var large = Repeat("BAsd7&jh23"u8, 256 * 1024);
            await client.SendAsync([Encode(Text, large), text, Normal, Encode(Ping, [])]);
            await client.ExpectMessageAsync(Text, large);
            await client.ExpectTextAsync("Hello, world!");
            await client.ExpectCloseAnswerAsync(Closing(1000));
        });
    }

    private static IEnumerable<SuiteCase> Lengths()
    {
        yield return Answered("7.3.1", [], []);
        yield return SuiteCase.Failing("7.3.2", 1002, [Encode(Close, "a"u8)]);
        yield return Answered("7.3.3", Closing(1000), Closing(1000));
        yield return Answered("7.3.4", Closing(1000, "Hello, world!"u8), Closing(1000));
        yield return Answered("7.3.5", Closing(1000, Repeat("*"u8, 123)), Closing(1000));
        yield return SuiteCase.Failing("7.3.6", 1002, [Encode(Close, Closing(1000, Repeat("*"u8, 124)))]);
    }

    // RFC 6455 §5.5.1: the answer typically echoes the code. Ours always does, without the reason.
    private static SuiteCase Answered(string id, byte[] payload, byte[] answer) => new(id, async client =>
    {
        await client.SendAsync(Encode(Close, payload));
        await client.ExpectCloseAnswerAsync(answer);
    });

    // RFC 6455 §1.4: what follows a close frame is discarded.
    private static SuiteCase Ignored(string id, byte[][] frames) => new(id, async client =>
    {
        await client.SendAsync(frames);
        await client.ExpectCloseAnswerAsync(Closing(1000));
    });
}
