using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tidings.Channels.Tests.Ledger;

/// <summary>What publishers say: a name that no other message has, some filling, and a sum that finds a changed byte.</summary>
internal static class Payload
{
    public static string Make(string name, int filling)
    {
        var fill = new string((char)('a' + (filling % 26)), filling);
        return $$"""{"v":"{{name}}","f":"{{fill}}","s":{{Sum(name, fill)}}}""";
    }

    /// <returns>The name, or null where a byte was changed. A JSON string is what a text room's speaker said.</returns>
    public static string? NameOf(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.String)
            {
                return NameOf(root.GetString()!);
            }

            var name = root.GetProperty("v").GetString()!;
            return root.GetProperty("s").GetUInt32() == Sum(name, root.GetProperty("f").GetString()!) ? name : null;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static uint Sum(string name, string fill)
    {
        var sum = 2166136261;
        foreach (var b in Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name}/{fill}")))
        {
            sum = (sum ^ b) * 16777619;
        }

        return sum;
    }
}
