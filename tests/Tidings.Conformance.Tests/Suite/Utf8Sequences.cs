namespace Tidings.Conformance.Tests.Suite;

/// <summary>A text, and whether it is UTF-8.</summary>
internal sealed record Utf8Sequence(byte[] Bytes, bool Valid);

/// <summary>The sequences of groups 6.5 to 6.23, which follow Markus Kuhn's stress test for decoders of UTF-8.</summary>
internal static class Utf8Sequences
{
    private const string Kosme = "CEBAE1BDB9CF83CEBCCEB5";
    private static readonly string[] LastByteMissing = ["C0", "E080", "F08080", "F8808080", "FC80808080", "DF", "EFBF", "F7BFBF", "FBBFBFBF", "FDBFBFBFBF"];

    public static IReadOnlyList<IReadOnlyList<Utf8Sequence>> Groups { get; } =
    [
        [.. Valid("68656C6C6F24776F726C64", "68656C6C6FC2A2776F726C64", "68656C6C6FE282AC776F726C64", "68656C6C6FF0A4ADA2776F726C64", Kosme)],
        [.. Prefixes()],
        [.. Valid("00", "C280", "E0A080", "F0908080")],
        [.. Invalid("F888808080", "FC8480808080")],
        [.. Valid("7F", "DFBF", "EFBFBF", "F48FBFBF")],
        [.. Invalid("F7BFBFBF", "FBBFBFBFBF", "FDBFBFBFBFBF")],
        [.. Valid("ED9FBF", "EE8080", "EFBFBD", "F48FBFBF"), .. Invalid("F4908080")],
        [.. Invalid("80", "BF", "80BF", "80BF80", "80BF80BF", "80BF80BF80", "80BF80BF80BF", Convert.ToHexString(Range(0x80, 0xBF)))],
        [.. LonelyStarts(0xC0, 0xDF), .. LonelyStarts(0xE0, 0xEF), .. LonelyStarts(0xF0, 0xF7), .. LonelyStarts(0xF8, 0xFB), .. LonelyStarts(0xFC, 0xFD)],
        [.. Invalid(LastByteMissing)],
        [.. Invalid(string.Concat(LastByteMissing))],
        [.. Invalid("FE", "FF", "FEFEFFFF")],
        [.. Invalid("C0AF", "E080AF", "F08080AF", "F8808080AF", "FC80808080AF")],
        [.. Invalid("C1BF", "E09FBF", "F08FBFBF", "F887BFBFBF", "FC83BFBFBFBF")],
        [.. Invalid("C080", "E08080", "F0808080", "F880808080", "FC8080808080")],
        [.. Invalid("EDA080", "EDADBF", "EDAE80", "EDAFBF", "EDB080", "EDBE80", "EDBFBF")],
        [.. Invalid("EDA080EDB080", "EDA080EDBFBF", "EDADBFEDB080", "EDADBFEDBFBF", "EDAE80EDB080", "EDAE80EDBFBF", "EDAFBFEDB080", "EDAFBFEDBFBF")],
        [.. Valid("EFBFBE", "EFBFBF"), .. NonCharacters()],
        [.. Valid("EFBFB9", "EFBFBA", "EFBFBB", "EFBFBC", "EFBFBD", "EFBFBE", "EFBFBF")],
    ];

    private static IEnumerable<Utf8Sequence> Valid(params string[] hex) => hex.Select(bytes => new Utf8Sequence(Convert.FromHexString(bytes), true));

    private static IEnumerable<Utf8Sequence> Invalid(params string[] hex) => hex.Select(bytes => new Utf8Sequence(Convert.FromHexString(bytes), false));

    // Five characters of 2, 3, 2, 2 and 2 bytes: a prefix is a text where it ends between two of them.
    private static IEnumerable<Utf8Sequence> Prefixes() =>
        Enumerable.Range(1, Kosme.Length / 2).Select(length => new Utf8Sequence(Convert.FromHexString(Kosme[..(2 * length)]), length is 2 or 5 or 7 or 9 or 11));

    // The last of each range is left out, as in the suite that gave the numbers.
    private static byte[] Range(int first, int last) => [.. Enumerable.Range(first, last - first).Select(b => (byte)b)];

    private static IEnumerable<Utf8Sequence> LonelyStarts(int first, int last) => [new([.. Range(first, last).SelectMany(b => new byte[] { b, (byte)' ' })], false)];

    // The last two code points of each plane from 1 to 16, in the order of their bytes.
    private static IEnumerable<Utf8Sequence> NonCharacters() =>
        from plane in Enumerable.Range(1, 16)
        from last in new[] { 0xFFFE, 0xFFFF }
        select new Utf8Sequence(System.Text.Encoding.UTF8.GetBytes(char.ConvertFromUtf32((plane << 16) | last)), true);
}
