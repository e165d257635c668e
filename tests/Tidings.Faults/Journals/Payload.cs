using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tidings.Faults.Journals;

/// <summary>What publishers say: a name that no other message has, some filling, and a sum that finds a changed byte.</summary>
internal static class Payload
{
    private const uint SumBasis = 2166136261;
    private const uint SumPrime = 16777619;

    public static string Make(string name, int filling)
    {
        var fill = new string((char)('a' + (filling % 26)), filling);
        var sum = Sum(Sum(Sum(SumBasis, Encoding.UTF8.GetBytes(name)), "/"u8), Encoding.UTF8.GetBytes(fill));
        return string.Create(CultureInfo.InvariantCulture, $$"""{"v":"{{name}}","f":"{{fill}}","s":{{sum}}}""");
    }

    /// <returns>The name, or null where a byte was changed: data is passed on byte for byte.</returns>
    public static string? NameOf(ReadOnlySpan<byte> json)
    {
        if (!TryCut(ref json, "{\"v\":\""u8, out _) || !TryCut(ref json, "\",\"f\":\""u8, out var name) || !TryCut(ref json, "\",\"s\":"u8, out var fill)
            || !Utf8Parser.TryParse(json, out uint sum, out var digits) || !json[digits..].SequenceEqual("}"u8))
        {
            return null;
        }

        return sum == Sum(Sum(Sum(SumBasis, name), "/"u8), fill) ? Encoding.UTF8.GetString(name) : null;
    }

    /// <summary>The same of a text. A JSON string is what the speaker of a text room said.</summary>
    public static string? NameOf(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (!json.StartsWith('"'))
        {
            return NameOf(Encoding.UTF8.GetBytes(json));
        }

        try
        {
            return NameOf(Encoding.UTF8.GetBytes(JsonSerializer.Deserialize<string>(json)!));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool TryCut(ref ReadOnlySpan<byte> json, ReadOnlySpan<byte> mark, out ReadOnlySpan<byte> before)
    {
        var at = json.IndexOf(mark);
        before = at < 0 ? default : json[..at];
        json = at < 0 ? json : json[(at + mark.Length)..];
        return at >= 0;
    }

    private static uint Sum(uint sum, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            sum = (sum ^ b) * SumPrime;
        }

        return sum;
    }
}
