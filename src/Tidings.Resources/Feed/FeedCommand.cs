using System.Text.Json;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.Resources.Feed;

/// <summary>What a subscriber wants to see, and from where on.</summary>
/// <param name="Filter">Columns that must have a value.</param>
/// <param name="Since">After which event to go on; null to begin with the rows.</param>
/// <param name="Seen">What its rows were read from, where they and the position are not of one moment; or null.</param>
internal sealed record FeedRequest(IReadOnlyList<(int Column, object? Value)> Filter, StreamPosition? Since, SeenText? Seen);

/// <summary>A command of a feed, or what is wrong with it.</summary>
/// <param name="IsJson">Whether it was JSON.</param>
/// <param name="Request">What to subscribe to; null to unsubscribe.</param>
/// <param name="Fault">What does not fit, or null.</param>
internal readonly record struct FeedCommand(bool IsJson, FeedRequest? Request, FieldFault? Fault)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    public static FeedCommand Read(ReadOnlyMemory<byte> text, Resource resource)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, Options);
        }
        catch (JsonException)
        {
            return new FeedCommand(false, null, null);
        }

        using (document)
        {
            try
            {
                return Read(document.RootElement, resource);
            }
            catch (InvalidOperationException)
            {
                // A string of half a surrogate pair.
                return new FeedCommand(false, null, null);
            }
        }
    }

    /// <summary>Reads a filter: an object whose members are named members of the resource.</summary>
    /// <returns>The filter, or what is wrong with it.</returns>
    public static (List<(int, object?)>? Filter, FieldFault? Fault) ReadFilter(JsonElement json, Resource resource)
    {
        var filter = new List<(int, object?)>();
        if (json.ValueKind != JsonValueKind.Object)
        {
            return (null, new FieldFault("filter", "This is an object of members and their values."));
        }

        foreach (var member in json.EnumerateObject())
        {
            var index = resource.IndexOf(member.Name);
            if (index < 0)
            {
                return (null, new FieldFault("filter." + Shortened(member.Name), "There is no such member."));
            }

            var column = resource.Columns[index];
            if (!column.Rules.CanFilter)
            {
                return (null, new FieldFault("filter." + member.Name, "Rows cannot be filtered by this member."));
            }

            if (!column.TryTake(member.Value, out var value, out var fault))
            {
                return (null, new FieldFault("filter." + member.Name, fault));
            }

            filter.Add((index, value));
        }

        return (filter, null);
    }

    private static FeedCommand Read(JsonElement root, Resource resource)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Unfit("", "An object is expected.");
        }

        var type = root.TryGetProperty("type", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        if (type == "unsubscribe")
        {
            return new FeedCommand(true, null, null);
        }

        if (type != "subscribe")
        {
            return Unfit("type", "This is \"subscribe\" or \"unsubscribe\".");
        }

        List<(int, object?)>? filter = [];
        if (root.TryGetProperty("filter", out var wanted) && wanted.ValueKind != JsonValueKind.Null)
        {
            (filter, var fault) = ReadFilter(wanted, resource);
            if (fault is not null)
            {
                return new FeedCommand(true, null, fault);
            }
        }

        StreamPosition? since = null;
        if (root.TryGetProperty("since", out var position) && position.ValueKind != JsonValueKind.Null)
        {
            since = ReadPosition(position);
            if (since is null)
            {
                return Unfit("since", "This is a position as the server gave it: {\"epoch\",\"offset\"}.");
            }
        }

        SeenText? seen = null;
        if (root.TryGetProperty("snapshot", out var snapshot) && snapshot.ValueKind != JsonValueKind.Null)
        {
            seen = snapshot.ValueKind == JsonValueKind.String ? SeenText.TryParse(snapshot.GetString()!) : null;
            if (seen is null)
            {
                return Unfit("snapshot", "This is a text as the server gave it.");
            }
        }

        return new FeedCommand(true, new FeedRequest(filter!, since, seen), null);
    }

    private static StreamPosition? ReadPosition(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty("epoch", out var epoch) && epoch.ValueKind == JsonValueKind.String && epoch.GetString() is { Length: > 0 and <= StreamPosition.LongestEpoch } text
        && json.TryGetProperty("offset", out var offset) && offset.ValueKind == JsonValueKind.Number && offset.TryGetInt64(out var number) && number is >= 0 and <= StreamPosition.LargestOffset
            ? new StreamPosition(text, number)
            : null;

    private static FeedCommand Unfit(string field, string message) => new(true, null, new FieldFault(field, message));

    private static string Shortened(string name) => name.Length <= 64 ? name : name[..64];
}
