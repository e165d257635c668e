using Tidings.Conformance.Tests.Client;
using static Tidings.Conformance.Tests.Client.WireFrame;
using static Tidings.Conformance.Tests.Suite.Chop;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>RFC 6455 §5.2: framing, pings and pongs, reserved bits, opcodes.</summary>
internal static class Section1To4
{
    private const string Hello = "Hello, world!";
    private static readonly byte[] NotUtf8 = [0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF];

    public static IEnumerable<SuiteCase> Cases => [.. Framing(), .. Pings(), .. ReservedBits(), .. Opcodes()];

    private static IEnumerable<SuiteCase> Framing()
    {
        int[] lengths = [0, 125, 126, 127, 128, 65535, 65536, 65536];
        for (var i = 0; i < lengths.Length; i++)
        {
            var chop = i == 7 ? 997 : Whole;
            yield return SuiteCase.Echo($"1.1.{i + 1}", Text, Repeat("*"u8, lengths[i]), chop);
            yield return SuiteCase.Echo($"1.2.{i + 1}", Binary, Repeat([0xFE], lengths[i]), chop);
        }
    }

    private static IEnumerable<SuiteCase> Pings()
    {
        yield return Pong("2.1", [], Whole);
        yield return Pong("2.2", Bytes(Hello), Whole);
        yield return Pong("2.3", NotUtf8, Whole);
        yield return Pong("2.4", Repeat([0xFE], 125), Whole);
        yield return SuiteCase.Failing("2.5", 1002, [Encode(Ping, Repeat([0xFE], 126))]);
        yield return Pong("2.6", Repeat([0xFE], 125), Octets);
        yield return Unsolicited("2.7", []);
        yield return Unsolicited("2.8", Bytes("nobody asked for this"));
        yield return new("2.9", async client =>
        {
            await client.SendAsync([Encode(WireFrame.Pong, Bytes("nobody asked for this")), Encode(Ping, Bytes("but for this"))]);
            await client.ExpectPongAsync(Bytes("but for this"));
            await client.CloseAsync();
        });
        yield return TenPings("2.10", Whole);
        yield return TenPings("2.11", Octets);
    }

    private static IEnumerable<SuiteCase> ReservedBits()
    {
        var hello = Bytes(Hello);
        var ping = Encode(Ping, []);
        yield return SuiteCase.Failing("3.1", 1002, [Encode(Text, hello, reserved: 1)]);
        yield return SuiteCase.Failing("3.2", 1002, [Encode(Text, hello), Encode(Text, hello, reserved: 2), ping], Hello);
        yield return SuiteCase.Failing("3.3", 1002, [Encode(Text, hello), Encode(Text, hello, reserved: 3), ping], Hello, Frames);
        yield return SuiteCase.Failing("3.4", 1002, [Encode(Text, hello), Encode(Text, hello, reserved: 4), ping], Hello, Octets);
        yield return SuiteCase.Failing("3.5", 1002, [Encode(Binary, NotUtf8, reserved: 5)]);
        yield return SuiteCase.Failing("3.6", 1002, [Encode(Ping, hello, reserved: 6)]);
        yield return SuiteCase.Failing("3.7", 1002, [Encode(Close, [], reserved: 7)]);
    }

    private static IEnumerable<SuiteCase> Opcodes() => [.. ReservedOpcodes("4.1", 3), .. ReservedOpcodes("4.2", 11)];

    private static IEnumerable<SuiteCase> ReservedOpcodes(string group, int first)
    {
        var hello = Bytes(Hello);
        var ping = Encode(Ping, []);
        yield return SuiteCase.Failing($"{group}.1", 1002, [Encode(first, [])]);
        yield return SuiteCase.Failing($"{group}.2", 1002, [Encode(first + 1, Bytes("of an opcode without meaning"))]);
        yield return SuiteCase.Failing($"{group}.3", 1002, [Encode(Text, hello), Encode(first + 2, []), ping], Hello);
        yield return SuiteCase.Failing($"{group}.4", 1002, [Encode(Text, hello), Encode(first + 3, hello), ping], Hello);
        yield return SuiteCase.Failing($"{group}.5", 1002, [Encode(Text, hello), Encode(first + 4, hello), ping], Hello, Octets);
    }

    private static SuiteCase Pong(string id, byte[] payload, int chop) => new(id, async client =>
    {
        await client.SendAsync(Encode(Ping, payload), chop);
        await client.ExpectPongAsync(payload);
        await client.CloseAsync();
    });

    private static SuiteCase Unsolicited(string id, byte[] payload) => new(id, async client =>
    {
        await client.SendAsync(Encode(WireFrame.Pong, payload));
        await client.CloseAsync();
    });

    private static SuiteCase TenPings(string id, int chop) => new(id, async client =>
    {
        var payloads = Enumerable.Range(0, 10).Select(i => Bytes($"number {i}")).ToList();
        await client.SendAsync(payloads.Select(payload => Encode(Ping, payload)), chop);
        foreach (var payload in payloads)
        {
            await client.ExpectPongAsync(payload);
        }

        await client.CloseAsync();
    });
}
