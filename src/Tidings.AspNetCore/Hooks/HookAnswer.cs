using System.Runtime.InteropServices;
using System.Text.Json;
using Tidings.Messages;
using Tidings.Protocol;
using Tidings.Protocol.Commands;

namespace Tidings.AspNetCore.Hooks;

/// <summary>What a hook has answered, checked against the schema of its kind.</summary>
internal sealed class HookAnswer
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = JsonPayload.MaxDepth };

    private readonly JsonElement _root;

    private HookAnswer(JsonElement root) => _root = root;

    /// <summary>An answer that allows, and changes nothing.</summary>
    public static HookAnswer Allowed { get; } = new(JsonElement.Parse("{}"u8));

    public bool Refuses => _root.TryGetProperty("allow"u8, out var allow) && allow.ValueKind == JsonValueKind.False;

    public bool Drops => _root.TryGetProperty("drop"u8, out var drop) && drop.ValueKind == JsonValueKind.True;

    /// <summary>The text that goes with a refusal, or null.</summary>
    public string? Reason => Text("reason");

    /// <summary>A new value for the data, or null.</summary>
    public byte[]? Data => Raw("data");

    /// <summary>A binary payload in the place of the data, or null.</summary>
    public byte[]? Bytes => _root.TryGetProperty("data64"u8, out var encoded) ? encoded.GetBytesFromBase64() : null;

    public string? User => Text("user");

    public byte[]? Info => Raw("info");

    /// <summary>For how many seconds it holds; null where it does not say.</summary>
    public int? Expires => _root.TryGetProperty("expires"u8, out var expires) ? expires.GetInt32() : null;

    /// <summary>The close code of a refused connection, or null.</summary>
    public int? CloseCode => _root.TryGetProperty("code"u8, out var code) ? code.GetInt32() : null;

    /// <summary>The error code of any other refusal.</summary>
    public ErrorCode Code => Text("code") is { } name && HookSchema.TryReadCode(name, out var code) ? code : ErrorCode.NotAllowed;

    /// <summary>Channels to subscribe to.</summary>
    public List<string> Channels => _root.TryGetProperty("channels"u8, out var channels) ? [.. channels.EnumerateArray().Select(static name => name.GetString()!)] : [];

    /// <returns>The answer; null, and what is wrong, where it is not what <paramref name="schema"/> says.</returns>
    public static HookAnswer? Parse(ReadOnlyMemory<byte> json, HookSchema schema, out string? fault)
    {
        if (json.IsEmpty)
        {
            fault = "its answer is empty; to allow, answer 204 or {}";
            return null;
        }

        fault = "its answer is no JSON, is nested too deep or has a name twice";
        if (!JsonPayload.IsJson(json.Span))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            fault = schema.Fault(document.RootElement);
            return fault is null ? new HookAnswer(document.RootElement.Clone()) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string? Text(string name) => _root.TryGetProperty(name, out var value) ? value.GetString() : null;

    private byte[]? Raw(string name) =>
        _root.TryGetProperty(name, out var value) ? CommandReader.WithoutLineBreaks(JsonMarshal.GetRawUtf8Value(value)) : null;
}
