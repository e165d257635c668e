using System.Text.Json;
using System.Text.Unicode;
using Tidings.Protocol.Rooms;

namespace Tidings.Fuzz.Targets;

/// <summary>The input is a text message. What is recognised is compared with what a whole JSON document says.</summary>
internal sealed class RoomControlTarget : FuzzTarget
{
    public override string Name => "room-control";

    // The document costs more than the code under test.
    public override int AllocationBound => 256 * 1024;

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [.. "\"type\":\"ping\""u8], [.. "\"type\":"u8], [.. "\"t\\u0079pe\""u8], [.. "\"quit\""u8], [.. "\"auth\""u8], [.. "{\"a\":"u8], [.. "[["u8], [.. "]]"u8],
        [.. "\\ud800"u8], [.. "\\u0070"u8], [.. "\\\""u8], [.. ",null"u8], [.. "1e9"u8], [.. " \r\n\t"u8], [.. "}"u8], [0xED, 0xA0, 0x80],
    ];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var found = RoomControls.Recognise(input);
        if (Utf8.IsValid(input))
        {
            Require(found == Expected(input), "a message is what a JSON parser says");
        }

        return found == RoomControl.None ? new Outcome("content", Shape(input) % 256) : new Outcome("control", Shape(input) | 1UL << 63);
    }

    private static RoomControl Expected(ReadOnlySpan<byte> text)
    {
        var control = RoomControl.None;
        try
        {
            using var document = JsonDocument.Parse(text.ToArray());
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in document.RootElement.EnumerateObject())
                {
                    if (String(() => member.Name) == "type")
                    {
                        control = member.Value.ValueKind == JsonValueKind.String
                            ? String(() => member.Value.GetString()) switch { "ping" => RoomControl.Ping, "pong" => RoomControl.Pong, "quit" => RoomControl.Quit, "auth" => RoomControl.Auth, _ => RoomControl.None }
                            : RoomControl.None;
                    }
                }
            }
        }
        catch (JsonException)
        {
            return RoomControl.None;
        }

        return control;
    }

    // A string with half a surrogate pair has no UTF-16.
    private static string? String(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // Which structural bytes it has, in their order: enough to tell kinds of content apart.
    private static ulong Shape(ReadOnlySpan<byte> text)
    {
        var shape = new Fnv();
        foreach (var b in text[..Math.Min(text.Length, 64)])
        {
            if (b is (byte)'{' or (byte)'}' or (byte)'[' or (byte)']' or (byte)'\\' or (byte)':' or (byte)'"')
            {
                shape.Add(b);
            }
        }

        return shape.Value;
    }
}
