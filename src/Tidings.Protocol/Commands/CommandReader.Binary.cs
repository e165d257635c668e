using System.Text.Unicode;

namespace Tidings.Protocol.Commands;

/// <content>Binary frames: the command as one line of JSON, a line feed, then the payload.</content>
internal static partial class CommandReader
{
    /// <summary>The most bytes before the line feed. A publish with all its fields, each as long as it may be and escaped, has room in it.</summary>
    public const int LongestHead = 8 * 1024;

    private static readonly CommandFault NoHead =
        CommandFault.Fields(new FieldFault("", $"must begin with the command as one line of JSON, at most {LongestHead} bytes, and a line feed (0x0A) before the payload"));

    /// <summary>Reads the message of a binary frame.</summary>
    /// <returns>Null where <paramref name="command"/> is sound; its type and id are set where they could be read.</returns>
    public static CommandFault? ReadBinary(ReadOnlySpan<byte> message, out Command command)
    {
        command = new Command();
        var end = message[..Math.Min(message.Length, LongestHead + 1)].IndexOf((byte)'\n');
        if (end < 0)
        {
            return NoHead;
        }

        // Frames of text are checked while they arrive. What is said back of this one must be text as well.
        var head = message[..end];
        if (!Utf8.IsValid(head))
        {
            return CommandFault.Json;
        }

        if (Read(head, command, Fields.Data64) is { } fault)
        {
            return fault;
        }

        if (command.Type != CommandType.Publish)
        {
            return CommandFault.Fields(new FieldFault("type", "takes no binary payload: only publish does"));
        }

        command.Bytes = message[(end + 1)..].ToArray();
        return null;
    }
}
