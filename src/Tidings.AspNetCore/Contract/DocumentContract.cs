using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Contract;

/// <summary>An application's part of an AsyncAPI document, read to write a file of types of it. The document may come from anywhere.</summary>
internal readonly record struct DocumentContract(JsonElement Document, JsonElement Tidings)
{
    /// <summary>Writes a file of types.</summary>
    /// <param name="document">An AsyncAPI document.</param>
    /// <param name="write">Makes the file.</param>
    /// <exception cref="FormatException">The document is none of Tidings, or of a version that declares nothing.</exception>
    public static string Write(JsonElement document, Func<DocumentContract, string> write)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty(ContractDocument.Member, out var tidings) || tidings.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"This is no AsyncAPI document of a Tidings application: it has no \"{ContractDocument.Member}\".");
        }

        try
        {
            return write(new DocumentContract(document, tidings));
        }
        catch (Exception fault) when (fault is InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"\"{ContractDocument.Member}\" of this document is not as Tidings writes it.", fault);
        }
    }

    /// <summary>The schemas that have names.</summary>
    public IEnumerable<JsonProperty> Schemas =>
        Document.TryGetProperty("components", out var components) && components.ValueKind == JsonValueKind.Object ? Of(components, "schemas") : [];

    /// <summary>What is declared as <c>calls</c>, <c>tasks</c> or <c>resources</c>.</summary>
    public IEnumerable<JsonProperty> Members(string name) => Of(Tidings, name);

    /// <summary>The channels of which is known what is said there. A pattern of which an earlier one has all never holds, as the server takes the first.</summary>
    public IEnumerable<(string Pattern, JsonElement Channel)> Channels()
    {
        List<string> earlier = [];
        foreach (var channel in Tidings.TryGetProperty("channels", out var all) ? all.EnumerateArray() : [])
        {
            var pattern = channel.GetProperty("pattern").GetString()!;
            var isCovered = earlier.Exists(other => Covers(other, pattern));
            earlier.Add(pattern);
            if (!isCovered && (channel.TryGetProperty("message", out _) || channel.TryGetProperty("publish", out _)))
            {
                yield return (pattern, channel);
            }
        }
    }

    private static IEnumerable<JsonProperty> Of(JsonElement element, string name) =>
        element.TryGetProperty(name, out var members) && members.ValueKind == JsonValueKind.Object ? members.EnumerateObject() : [];

    private static bool Covers(string earlier, string later)
    {
        if (ChannelPattern.Fault(earlier) is not null || ChannelPattern.Fault(later) is not null)
        {
            return earlier == later;
        }

        // A name of the later kind, as no pattern has it by chance.
        var pattern = new ChannelPattern(later);
        var name = pattern.Values.Aggregate(later, static (text, value) => text.Replace($"{{{value}}}", "~tidings~", StringComparison.Ordinal)).Replace("*", "~tidings~:~tidings~", StringComparison.Ordinal);
        return new ChannelPattern(earlier).Matches(name);
    }
}
