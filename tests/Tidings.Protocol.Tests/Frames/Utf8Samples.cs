namespace Tidings.Protocol.Tests.Frames;

/// <summary>Sequences by the classes of Markus Kuhn's UTF-8 stress test, as conformance suites use them.</summary>
internal static class Utf8Samples
{
    private const string Kosme = "CEBAE1BDB9CF83CEBCCEB5";

    /// <summary>Well-formed texts in hexadecimal.</summary>
    public static IEnumerable<string> Valid =>
    [
        "", "00", "7F", "68656C6C6F24776F726C64", "68656C6C6FC2A2776F726C64", "68656C6C6FE282AC776F726C64", "68656C6C6FF0A4ADA2776F726C64", Kosme,
        "C280", "E0A080", "F0908080", "DFBF", "EFBFBF", "F48FBFBF", "ED9FBF", "EE8080", "EFBFBD",

        // Noncharacters and specials are valid: RFC 3629 excludes surrogates alone.
        "EFB790", "EFB7AF", "EFBFB9", "EFBFBA", "EFBFBB", "EFBFBC", "EFBFBE", .. LastTwoOfEachPlane(), "EFBBBF",

        // Longer than any vector register, with points of each length across its edges.
        .. Enumerable.Range(0, 9).Select(n => string.Concat(Enumerable.Repeat("61", 60 + n)) + "C3A9E4BDA0F09F9880" + string.Concat(Enumerable.Repeat("E5A5BD", 30))),
    ];

    /// <summary>Ill-formed texts, and the index of the first byte that no continuation of the ones before it could have.</summary>
    public static IEnumerable<(string Hex, int FirstBad)> Invalid =>
    [
        // Five and six bytes, code points past U+10FFFF.
        ("F888808080", 0), ("FC8480808080", 0), ("F7BFBFBF", 0), ("FBBFBFBFBF", 0), ("FDBFBFBFBFBF", 0), ("F4908080", 1), ("F5808080", 0),

        // Unexpected continuation bytes.
        ("80", 0), ("BF", 0), ("80BF", 0), ("80BF80", 0), ("80BF80BF", 0), ("80BF80BF80", 0), ("80BF80BF80BF", 0),
        (Convert.ToHexString([.. Enumerable.Range(0x80, 0x3F).Select(b => (byte)b)]), 0), ("6180", 1), ("C3A9A9", 2), ("E282ACAC", 3), ("F09F988080", 4),

        // Lonely start bytes, each followed by a space.
        (Lonely(0xC0, 0xDF), 0), (Lonely(0xE0, 0xEF), 1), (Lonely(0xF0, 0xF7), 1), (Lonely(0xF8, 0xFB), 0), (Lonely(0xFC, 0xFD), 0), (Lonely(0xC2, 0xDF), 1),

        // The last byte missing, and all of these in a row.
        ("C0", 0), ("E080", 1), ("F08080", 1), ("F8808080", 0), ("FC80808080", 0), ("F7BFBF", 0), ("FBBFBFBF", 0), ("FDBFBFBFBF", 0),
        ("C0E080F08080F8808080FC80808080DFEFBFF7BFBFFBBFBFBFFDBFBFBFBF", 0), ("DFEFBF", 1), ("EFBFDF", 2), ("F48FBFEF", 3),

        // Impossible bytes.
        ("FE", 0), ("FF", 0), ("FEFEFFFF", 0), ("61C1", 1),

        // Overlong.
        ("C0AF", 0), ("E080AF", 1), ("F08080AF", 1), ("F8808080AF", 0), ("FC80808080AF", 0),
        ("C1BF", 0), ("E09FBF", 1), ("F08FBFBF", 1), ("F887BFBFBF", 0), ("FC83BFBFBFBF", 0),
        ("C080", 0), ("E08080", 1), ("F0808080", 1), ("F880808080", 0), ("FC8080808080", 0),

        // Surrogates, single and in pairs.
        ("EDA080", 1), ("EDADBF", 1), ("EDAE80", 1), ("EDAFBF", 1), ("EDB080", 1), ("EDBE80", 1), ("EDBFBF", 1),
        ("EDA080EDB080", 1), ("EDA080EDBFBF", 1), ("EDADBFEDB080", 1), ("EDADBFEDBFBF", 1), ("EDAE80EDB080", 1), ("EDAE80EDBFBF", 1), ("EDAFBFEDB080", 1), ("EDAFBFEDBFBF", 1),

        // Something good before and behind.
        (Kosme + "EDA080656469746564", 12), (Kosme + "F4908080656469746564", 12), ("656469746564EDA080", 7),
        (string.Concat(Enumerable.Repeat("61", 100)) + "E29AFF", 102), (string.Concat(Enumerable.Repeat("E4BDA0", 50)) + "C0", 150),
    ];

    /// <summary>Texts that break off inside a code point: no byte is bad, but here no message may end.</summary>
    public static IEnumerable<string> Incomplete =>
    [
        "CE", "CEBAE1", "CEBAE1BD", "CEBAE1BDB9CF", "CEBAE1BDB9CF83CE", "CEBAE1BDB9CF83CEBCCE",
        "DF", "EF", "EFBF", "F4", "F48F", "F48FBF", "E0A0", "F090", "F09080", "ED9F", "61C3", "61E4BD", "61F09F98",
    ];

    private static IEnumerable<string> LastTwoOfEachPlane() =>
        from plane in Enumerable.Range(1, 16)
        from low in new[] { 0xFFFE, 0xFFFF }
        select Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(char.ConvertFromUtf32((plane << 16) | low)));

    private static string Lonely(int first, int last) => string.Concat(Enumerable.Range(first, last - first + 1).Select(b => $"{b:X2}20"));

    /// <summary>Table 3-7 of the Unicode standard, byte by byte.</summary>
    /// <returns>The first bad byte's index or -1, and whether the text ends between code points.</returns>
    public static (int FirstBad, bool Complete) Judge(ReadOnlySpan<byte> text)
    {
        var missing = 0;
        int low = 0x80, high = 0xBF;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (missing > 0)
            {
                if (b < low || b > high)
                {
                    return (i, false);
                }

                (low, high) = (0x80, 0xBF);
                missing--;
                continue;
            }

            (missing, low, high) = b switch
            {
                < 0x80 => (0, 0x80, 0xBF),
                < 0xC2 => (-1, 0, 0),
                < 0xE0 => (1, 0x80, 0xBF),
                0xE0 => (2, 0xA0, 0xBF),
                0xED => (2, 0x80, 0x9F),
                < 0xF0 => (2, 0x80, 0xBF),
                0xF0 => (3, 0x90, 0xBF),
                < 0xF4 => (3, 0x80, 0xBF),
                0xF4 => (3, 0x80, 0x8F),
                _ => (-1, 0, 0),
            };
            if (missing < 0)
            {
                return (i, false);
            }
        }

        return (-1, missing == 0);
    }
}
