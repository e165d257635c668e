using System.Runtime.InteropServices;
using System.Text.Json;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Push;

namespace Tidings.AspNetCore.Hooks;

/// <summary>What a hook has answered, checked.</summary>
internal sealed class HookAnswer
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = JsonPayload.MaxDepth };

    private readonly JsonElement _root;

    private HookAnswer(JsonElement root) => _root = root;

    /// <summary>An answer without a body: it allows, and changes nothing.</summary>
    public static HookAnswer Allowed { get; } = Parse("{}"u8.ToArray())!;

    public bool Refuses => _root.TryGetProperty("allow"u8, out var allow) && allow.ValueKind == JsonValueKind.False;

    public bool Drops => _root.TryGetProperty("drop"u8, out var drop) && drop.ValueKind == JsonValueKind.True;

    /// <summary>The text that goes with a refusal, or null.</summary>
    public string? Reason => Text("reason");

    /// <summary>A new value for the data, or null.</summary>
    public byte[]? Data => Raw("data");

    public string? User => Text("user");

    public byte[]? Info => Raw("info");

    /// <summary>The number in <c>code</c>, or null.</summary>
    public int? CloseCode => _root.TryGetProperty("code"u8, out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var number) ? number : null;

    /// <summary>The error code of a refusal; null where <c>code</c> is a text that is none.</summary>
    public ErrorCode? Code => Text("code") is not { } name ? ErrorCode.NotAllowed
        : Enum.GetValues<ErrorCode>().Cast<ErrorCode?>().FirstOrDefault(code => code!.Value.ToWire() == name);

    /// <summary>Channels to subscribe to; null where they are not a list of channel names.</summary>
    public List<string>? Channels
    {
        get
        {
            if (!_root.TryGetProperty("channels"u8, out var channels))
            {
                return [];
            }

            if (channels.ValueKind != JsonValueKind.Array || channels.EnumerateArray().Any(static name => name.ValueKind != JsonValueKind.String || !ChannelName.IsValid(name.GetString())))
            {
                return null;
            }

            return [.. channels.EnumerateArray().Select(static name => name.GetString()!)];
        }
    }

    /// <returns>Null where it is no JSON object, is nested too deep, has a name twice, or refuses with a code that there is not.</returns>
    public static HookAnswer? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            if (JsonPayload.Copy(json.Span) is null)
            {
                return null;
            }

            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            var answer = new HookAnswer(document.RootElement.Clone());
            return answer is { Refuses: true, Code: null } ? null : answer;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string? Text(string name) =>
        _root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private byte[]? Raw(string name) =>
        _root.TryGetProperty(name, out var value) ? CommandReader.WithoutLineBreaks(JsonMarshal.GetRawUtf8Value(value)) : null;
}
