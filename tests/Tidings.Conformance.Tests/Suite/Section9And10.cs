using Tidings.Conformance.Tests.Client;
using static Tidings.Conformance.Tests.Client.WireFrame;
using static Tidings.Conformance.Tests.Suite.Chop;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>Large messages, many fragments, small segments, many round trips.</summary>
internal static class Section9And10
{
    private const int KB = 1024;
    private const int MB = 1024 * KB;
    private static readonly byte[] TextPattern = Bytes("BAsd7&jh23");
    private static readonly byte[] BinaryPattern = [0x00, 0xFE, 0x23, 0xFA, 0xF0];

    public static IEnumerable<SuiteCase> Cases =>
    [
        .. Large(),
        .. Fragmented(),
        .. Chopped(),
        .. RoundTrips(),
        Fragments("10.1.1", Text, "*"u8.ToArray(), 64 * KB, 1300),
    ];

    private static IEnumerable<SuiteCase> Large()
    {
        int[] lengths = [64 * KB, 256 * KB, 1 * MB, 4 * MB, 8 * MB, 16 * MB];
        for (var i = 0; i < lengths.Length; i++)
        {
            yield return Fragments($"9.1.{i + 1}", Text, TextPattern, lengths[i], lengths[i]);
            yield return Fragments($"9.2.{i + 1}", Binary, BinaryPattern, lengths[i], lengths[i]);
        }
    }

    private static IEnumerable<SuiteCase> Fragmented()
    {
        int[] sizes = [64, 256, 1 * KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, 1 * MB, 4 * MB];
        for (var i = 0; i < sizes.Length; i++)
        {
            yield return Fragments($"9.3.{i + 1}", Text, "*"u8.ToArray(), 4 * MB, sizes[i]);
            yield return Fragments($"9.4.{i + 1}", Binary, [0xFE], 4 * MB, sizes[i]);
        }
    }

    private static IEnumerable<SuiteCase> Chopped()
    {
        int[] sizes = [64, 128, 256, 512, 1 * KB, 2 * KB];
        for (var i = 0; i < sizes.Length; i++)
        {
            yield return Fragments($"9.5.{i + 1}", Text, TextPattern, SuiteSize.Chopped, SuiteSize.Chopped, sizes[i]);
            yield return Fragments($"9.6.{i + 1}", Binary, BinaryPattern, SuiteSize.Chopped, SuiteSize.Chopped, sizes[i]);
        }
    }

    private static IEnumerable<SuiteCase> RoundTrips()
    {
        int[] lengths = [0, 16, 64, 256, 1 * KB, 4 * KB];
        for (var i = 0; i < lengths.Length; i++)
        {
            yield return Repeated($"9.7.{i + 1}", Text, "*"u8.ToArray(), lengths[i]);
            yield return Repeated($"9.8.{i + 1}", Binary, [0xFE], lengths[i]);
        }
    }

    // The message is made when the case runs: all of them together would be half a gigabyte.
    private static SuiteCase Fragments(string id, int opcode, byte[] pattern, int length, int size, int chop = 0) => new(id, async client =>
    {
        var message = Repeat(pattern, length);
        var sending = Task.Run(() => client.SendAsync(Fragment(opcode, message, size), chop));
        await client.ExpectMessageAsync(opcode, message);
        await sending;
        await client.CloseAsync();
    });

    private static SuiteCase Repeated(string id, int opcode, byte[] pattern, int length) => new(id, async client =>
    {
        var message = Repeat(pattern, length);
        var frame = Encode(opcode, message);
        for (var i = 0; i < SuiteSize.RoundTrips; i++)
        {
            await client.SendAsync(frame);
            await client.ExpectMessageAsync(opcode, message);
        }

        await client.CloseAsync();
    });
}
