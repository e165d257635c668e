using System.Text;
using System.Text.Json;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary>What is typed, as the JSON that is published.</summary>
internal static class MessageData
{
    private const string StandardInput = "Standard input";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>JSON stays JSON; other text becomes a string, but what begins as an object or a list and is none is a mistake.</summary>
    /// <param name="text">What was typed.</param>
    /// <param name="isText">Whether it is a string whatever it looks like.</param>
    public static byte[] Read(string text, bool isText)
    {
        var bytes = Strict.GetBytes(text);
        if (isText)
        {
            return JsonSerializer.SerializeToUtf8Bytes(text);
        }

        try
        {
            var reader = new Utf8JsonReader(bytes);
            using var json = JsonDocument.ParseValue(ref reader);
            if (!reader.Read())
            {
                return bytes;
            }
        }
        catch (JsonException error)
        {
            if (text.AsSpan().TrimStart() is ['{' or '[', ..])
            {
                throw CommandException.Misused($"The data look like JSON and are not: {error.Message} With --text they are sent as a string.");
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(text);
    }

    /// <summary>The bytes of a file as they are; of standard input where its name is <c>-</c>.</summary>
    public static async Task<byte[]> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var input = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
            return await ReadAsync(input, path == "-" ? StandardInput : path, cancellationToken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Misused($"{path} cannot be read: {error.Message}");
        }
    }

    private static async Task<byte[]> ReadAsync(Stream input, string name, CancellationToken cancellationToken)
    {
        var buffer = new MemoryStream();
        var block = new byte[64 * 1024];
        while (await input.ReadAsync(block, cancellationToken) is var read and > 0)
        {
            await buffer.WriteAsync(block.AsMemory(0, read), cancellationToken);
            if (buffer.Length > UserConnection.MostBytes)
            {
                throw CommandException.Misused($"{name} has more than {UserConnection.MostBytes} bytes.");
            }
        }

        return buffer.ToArray();
    }

    /// <summary>All of standard input. The end of its last line is not part of it.</summary>
    public static async Task<string> ReadInputAsync(Stream input, CancellationToken cancellationToken)
    {
        try
        {
            var text = Strict.GetString(await ReadAsync(input, StandardInput, cancellationToken));
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (DecoderFallbackException)
        {
            throw CommandException.Misused("Standard input is no UTF-8.");
        }
    }
}
