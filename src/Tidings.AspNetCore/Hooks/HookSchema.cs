using System.Text.Json;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Hooks;

/// <summary>What one kind of hook may answer: these members, each in its form, and no other. What a node does not know could be what forbids.</summary>
internal sealed class HookSchema
{
    private const int MostChannels = 100;
    private const int LongestNameShown = 40;
    private const int LongestSeconds = 30 * 24 * 60 * 60;

    private static readonly Member Allow = new("allow", "true or false", static value => value.ValueKind is JsonValueKind.True or JsonValueKind.False);
    private static readonly Member Reason = new("reason", "a text", IsText);
    private static readonly Member ErrorCodeName = new("code", "the name of an error code", static value => IsText(value) && TryReadCode(value.GetString()!, out _));
    private static readonly Member CloseCode = new("code", "a whole number", static value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _));
    private static readonly Member Drop = new("drop", "true or false", static value => value.ValueKind is JsonValueKind.True or JsonValueKind.False);
    private static readonly Member Data = new("data", "JSON", static _ => true);
    private static readonly Member Data64 = new("data64", "base64 (RFC 4648, section 4)", static value => IsText(value) && value.TryGetBytesFromBase64(out _));
    private static readonly Member Info = new("info", "JSON", static _ => true);
    private static readonly Member Expires = new("expires", $"a whole number of seconds from 1 to {LongestSeconds}", static value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var seconds) && seconds is >= 1 and <= LongestSeconds);
    private static readonly Member User = new("user", "the text of a user's id", static value => IsText(value) && UserId.IsValid(value.GetString()!));
    private static readonly Member Channels = new("channels", $"a list of at most {MostChannels} channel names", IsChannels);

    public static readonly HookSchema Connect = new(Allow, Reason, CloseCode, User, Info, Channels, Expires);
    public static readonly HookSchema Refresh = new(Allow, Reason, CloseCode, Expires);
    public static readonly HookSchema Subscribe = new(Allow, Reason, ErrorCodeName);
    public static readonly HookSchema Publish = new(Allow, Reason, ErrorCodeName, Data, Data64, Drop);
    public static readonly HookSchema Call = new(Allow, Reason, ErrorCodeName, Data);

    private readonly Member[] _members;

    private HookSchema(params Member[] members) => _members = members;

    /// <returns>What is wrong with an answer, without any of its values; null where nothing is.</returns>
    public string? Fault(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object)
        {
            return $"its answer is {NameOf(answer.ValueKind)}, where a JSON object is expected";
        }

        foreach (var property in answer.EnumerateObject())
        {
            if (Array.Find(_members, member => member.Name == property.Name) is not { } known)
            {
                return $"its answer has the member {Shown(property.Name)}, which is none of {string.Join(", ", _members.Select(static member => member.Name))}";
            }

            if (!known.IsRight(property.Value))
            {
                return $"\"{known.Name}\" in its answer is {NameOf(property.Value.ValueKind)}, where {known.Form} is expected";
            }
        }

        if (answer.TryGetProperty("data"u8, out _) && answer.TryGetProperty("data64"u8, out _))
        {
            return "its answer has both \"data\" and \"data64\"";
        }

        // A reason means a refusal.
        var refuses = answer.TryGetProperty("allow"u8, out var allow) && allow.ValueKind == JsonValueKind.False;
        return refuses || !(answer.TryGetProperty("code"u8, out _) || answer.TryGetProperty("reason"u8, out _))
            ? null
            : "its answer has \"code\" or \"reason\" without \"allow\": false";
    }

    public static bool TryReadCode(string name, out ErrorCode code)
    {
        foreach (var known in Enum.GetValues<ErrorCode>())
        {
            if (known.ToWire() == name)
            {
                code = known;
                return true;
            }
        }

        code = default;
        return false;
    }

    // Half of a surrogate pair in an escape is JSON, and no text.
    private static bool IsText(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool IsChannels(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MostChannels
        && value.EnumerateArray().All(static name => IsText(name) && ChannelName.IsValid(name.GetString()));

    private static string NameOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static string Shown(string name) =>
        name.Length is > 0 and <= LongestNameShown && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? $"\"{name}\"" : $"of {name.Length} characters";

    private sealed record Member(string Name, string Form, Func<JsonElement, bool> IsRight);
}
