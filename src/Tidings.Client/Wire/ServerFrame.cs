using System.Runtime.InteropServices;
using System.Text.Json;
using Tidings.Protocol;

namespace Tidings.Client.Wire;

/// <summary>One JSON object of the server. Fields that are missing or of another type than they should be read as null.</summary>
internal sealed class ServerFrame
{
    private readonly JsonElement _root;

    public ServerFrame(JsonElement root, string? type = null)
    {
        _root = root;
        Type = type ?? Text("type") ?? "";
        Id = Whole("id");
    }

    /// <summary>The binary payload that came with the object, or stands in it as base64; null where there is none.</summary>
    public ReadOnlyMemory<byte>? Payload
    {
        get => field ?? (Find("data64", JsonValueKind.String) is not { } encoded ? default(ReadOnlyMemory<byte>?)
            : encoded.TryGetBytesFromBase64(out var bytes) ? bytes
            : throw FrameReading.Malformed());
        private init;
    }

    public string Type { get; }

    /// <summary>Of the command that it answers.</summary>
    public long? Id { get; }

    public string? Channel => Text("channel");

    public StreamPosition? Position =>
        Text("epoch") is { Length: > 0 and <= StreamPosition.LongestEpoch } epoch && Offset is { } offset ? new StreamPosition(epoch, offset) : null;

    public long? Offset => Whole("offset");

    public bool? Recovered => Truth("recovered");

    /// <summary>Why a command was refused.</summary>
    public ErrorCode Error => CodeOf(Text("code"));

    /// <summary>Reads one, of at most 64 levels.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static ServerFrame Parse(ReadOnlySpan<byte> json)
    {
        var root = JsonElement.Parse(json);
        return root.ValueKind == JsonValueKind.Object ? new ServerFrame(root) : throw new JsonException("The server sent what is no object.");
    }

    /// <summary>Reads the message of a binary frame: an object on one line, and its payload.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static ServerFrame ParseBinary(ReadOnlySpan<byte> message)
    {
        var end = message.IndexOf((byte)'\n');
        var root = JsonElement.Parse(message[..Math.Max(end, 0)]);
        return root.ValueKind == JsonValueKind.Object
            ? new ServerFrame(root) { Payload = message[(end + 1)..].ToArray() }
            : throw new JsonException("The server sent a binary frame that begins with no object.");
    }

    public string? Text(string name) => Find(name, JsonValueKind.String) is { } value ? TextOf(value) : null;

    /// <summary>A whole number from 0 to the largest that JSON holds exactly.</summary>
    public long? Whole(string name) =>
        Find(name, JsonValueKind.Number) is { } value && value.TryGetInt64(out var number) && number is >= 0 and <= StreamPosition.LargestOffset ? number : null;

    public bool? Truth(string name) =>
        _root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    /// <summary>The bytes of a value as they stand in the frame; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Raw(string name) =>
        _root.TryGetProperty(name, out var value) ? JsonMarshal.GetRawUtf8Value(value).ToArray() : default;

    public ServerFrame? Object(string name) => Find(name, JsonValueKind.Object) is { } value ? new ServerFrame(value) : null;

    public IEnumerable<ServerFrame> Objects(string name, string? type = null) =>
        Find(name, JsonValueKind.Array) is { } list
            ? list.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.Object).Select(item => new ServerFrame(item, type))
            : [];

    private static ErrorCode CodeOf(string? word)
    {
        foreach (var code in Enum.GetValues<ErrorCode>())
        {
            if (code.ToWire() == word)
            {
                return code;
            }
        }

        return ErrorCode.Internal;
    }

    private static string? TextOf(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escape that names no character, as \ud800 alone.
            return null;
        }
    }

    private JsonElement? Find(string name, JsonValueKind kind) =>
        _root.TryGetProperty(name, out var value) && value.ValueKind == kind ? value : null;
}
