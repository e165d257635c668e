using System.Buffers;
using System.Text.Json;
using Tidings.Messages;
using Tidings.Protocol.Commands;

namespace Tidings.Streams;

/// <summary>Messages of JSON in a stream: each without line breaks, followed by a comma and one. So an answer is what stands there between brackets, and it is seen where a message begins.</summary>
internal static class StreamJson
{
    private static ReadOnlySpan<byte> End => ",\n"u8;

    /// <summary>Makes messages of a body: of an array each element is one.</summary>
    /// <returns>What is stored; null where the body is no JSON.</returns>
    public static byte[]? Split(ReadOnlyMemory<byte> body)
    {
        // What is in the strings of JSON is not looked at where it is parsed.
        if (!System.Text.Unicode.Utf8.IsValid(body.Span))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = JsonPayload.MaxDepth });
            var buffer = new ArrayBufferWriter<byte>(body.Length + 16);
            if (document.RootElement is { ValueKind: JsonValueKind.Array } array)
            {
                foreach (var element in array.EnumerateArray())
                {
                    Put(buffer, element);
                }
            }
            else
            {
                Put(buffer, document.RootElement);
            }

            return buffer.WrittenSpan.ToArray();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Stored messages as one array.</summary>
    public static byte[] Join(ReadOnlySpan<byte> stored)
    {
        stored = stored.IsEmpty ? stored : stored[..^End.Length];
        var array = new byte[stored.Length + 2];
        array[0] = (byte)'[';
        stored.CopyTo(array.AsSpan(1));
        array[^1] = (byte)']';
        return array;
    }

    /// <summary>How many bytes there are to the end of the last message that is whole.</summary>
    public static int WholeLength(ReadOnlySpan<byte> stored) => stored.LastIndexOf((byte)'\n') + 1;

    /// <summary>Where the given number of messages ends; -1 where there are fewer.</summary>
    public static int EndOf(ReadOnlySpan<byte> stored, long messages)
    {
        var end = 0;
        for (; messages > 0; messages--)
        {
            var length = stored[end..].IndexOf((byte)'\n') + 1;
            if (length == 0)
            {
                return -1;
            }

            end += length;
        }

        return end;
    }

    private static void Put(ArrayBufferWriter<byte> buffer, JsonElement element)
    {
        buffer.Write(CommandReader.WithoutLineBreaks(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element)));
        buffer.Write(End);
    }
}
