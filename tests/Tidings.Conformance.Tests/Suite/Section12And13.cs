using System.Text;
using Tidings.Conformance.Tests.Client;
using static Tidings.Conformance.Tests.Client.WireFrame;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>RFC 7692: messages of many kinds and sizes under the default offer, and one kind under other offers.</summary>
internal static class Section12And13
{
    private const string Default = "permessage-deflate; client_no_context_takeover; client_max_window_bits";
    private const string NoContext = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits";

    // Length of a message, and of the frames in which its compressed bytes go; 0 is one frame.
    private static readonly (int Length, int Fragment)[] Sizes =
    [
        (16, 0), (64, 0), (256, 0), (1024, 0), (4096, 0), (8192, 0), (16384, 0), (32768, 0), (65536, 0), (131072, 0),
        (8192, 256), (16384, 256), (32768, 256), (65536, 256), (131072, 256), (131072, 1024), (131072, 4096), (131072, 32768),
    ];

    private static readonly string[] Offers =
    [
        Default,
        NoContext,
        Default + "; server_max_window_bits=9",
        Default + "; server_max_window_bits=15",
        NoContext + "; server_max_window_bits=9",
        NoContext + "; server_max_window_bits=15",
        $"{NoContext}; server_max_window_bits=9, {NoContext}, {Default}",
    ];

    public static IEnumerable<SuiteCase> Cases =>
    [
        .. CompressionData.All.SelectMany((data, i) => Sized($"12.{i + 1}", data, Default)),
        .. Offers.SelectMany((offer, i) => Sized($"13.{i + 1}", CompressionData.All[0], offer)),
    ];

    private static IEnumerable<SuiteCase> Sized(string group, CompressionData data, string offer) =>
        Sizes.Select((size, i) => new SuiteCase($"{group}.{i + 1}", client => EchoAllAsync(client, data, size.Length, size.Fragment), offer));

    private static async Task EchoAllAsync(WireClient client, CompressionData data, int length, int fragment)
    {
        Judging.Check(client.Extensions?.StartsWith("permessage-deflate", StringComparison.Ordinal) == true, "compression was not agreed on");
        var at = 0;
        for (var i = 0; i < SuiteSize.Compressed(length); i++)
        {
            var (opcode, message) = data.Take(ref at, length);
            var compressed = RawDeflate.Compress(message);
            await client.SendAsync(Fragment(opcode, compressed, fragment == 0 ? Math.Max(1, compressed.Length) : fragment, compressed: true));
            await client.ExpectMessageAsync(opcode, message);
        }

        await client.CloseAsync();
    }
}

/// <summary>What is compressed: text in characters, or bytes, taken in turns from the front.</summary>
internal sealed class CompressionData
{
    private readonly string? _text;
    private readonly byte[]? _bytes;

    private CompressionData(string text) => _text = text;

    private CompressionData(byte[] bytes) => _bytes = bytes;

    /// <summary>JSON, a picture, prose, HTML, and what hardly shrinks: the kinds of the suite that gave the numbers, made here.</summary>
    public static IReadOnlyList<CompressionData> All { get; } =
    [
        new(Made((random, i) => $$"""{"id":{{i}},"name":"case {{random.Next(100)}}","city":"Zürich","behaviour":"{{(random.Next(9) == 0 ? "wrong" : "right")}}","ms":{{random.Next(5000)}}},""")),
        new(Picture()),
        new(Encoding.UTF8.GetBytes(Made((random, i) => Word(random) + (i % 9 == 8 ? ".\r\n" : " ")))),
        new(Made((random, i) => $"<tr class=\"row-{i % 2}\"><td>{Word(random)}</td><td align=\"right\">{random.Next(1000)} €</td></tr>\n")),
        new(Noise()),
    ];

    /// <summary>The next <paramref name="length"/> characters or bytes; behind the end comes the beginning.</summary>
    public (int Opcode, byte[] Message) Take(ref int at, int length)
    {
        var from = at;
        var size = _text?.Length ?? _bytes!.Length;
        at = (from + length) % size;
        var first = Math.Min(length, size - from);
        return _text is { } text
            ? (Text, Encoding.UTF8.GetBytes(text[from..(from + first)] + text[..(length - first)]))
            : (Binary, [.. _bytes![from..(from + first)], .. _bytes[..(length - first)]]);
    }

    private static string Made(Func<Random, int, string> piece)
    {
        var random = new Random(7692);
        var text = new StringBuilder();
        for (var i = 0; text.Length < 190_000; i++)
        {
            text.Append(piece(random, i));
        }

        return text.ToString();
    }

    private static string Word(Random random)
    {
        string[] syllables = ["ge", "ver", "lich", "haus", "wälz", "nach", "richt", "en", "so", "ü", "ber", "zeit"];
        return string.Concat(Enumerable.Range(0, 1 + random.Next(4)).Select(_ => syllables[random.Next(syllables.Length)]));
    }

    private static byte[] Picture()
    {
        var random = new Random(512);
        var pixels = new byte[512 * 512];
        for (var i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((128 + (64 * Math.Sin((i % 512) / 40.0)) + (32 * Math.Cos((i / 512) / 25.0))) + random.Next(4));
        }

        return pixels;
    }

    private static byte[] Noise()
    {
        var bytes = new byte[200_000];
        new Random(1952).NextBytes(bytes);
        return bytes;
    }
}
