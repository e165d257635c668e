using System.Text.Json;
using System.Text.Unicode;
using Tidings.Messages;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>The commands of one request: one object, or an array of several.</summary>
/// <param name="Commands">The JSON of each; what it says is not yet looked at.</param>
/// <param name="IsArray">Whether the answer is an array, too.</param>
internal sealed record CommandBody(IReadOnlyList<ReadOnlyMemory<byte>> Commands, bool IsArray)
{
    /// <summary>The most commands of one request.</summary>
    public const int MostCommands = 100;

    /// <returns>The commands, or what is wrong.</returns>
    public static (CommandBody? Body, string? Fault) Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            return Utf8.IsValid(json.Span) ? Split(json) : (null, "The body must be UTF-8.");
        }
        catch (JsonException)
        {
            return (null, "The body must be a JSON object, or an array of such.");
        }
    }

    private static (CommandBody? Body, string? Fault) Split(ReadOnlyMemory<byte> json)
    {
        // One level for the array; of the commands each has as many as on a WebSocket.
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = JsonPayload.MaxDepth + 1 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            reader.Read();
            return (new CommandBody([json], IsArray: false), null);
        }

        var commands = new List<ReadOnlyMemory<byte>>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (commands.Count == MostCommands)
            {
                return (null, $"An array may hold at most {MostCommands} commands.");
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            commands.Add(json[start..(int)reader.BytesConsumed]);
        }

        // Anything behind the array throws.
        reader.Read();
        return (new CommandBody(commands, IsArray: true), null);
    }
}
