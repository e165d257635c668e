using System.Buffers.Text;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tidings.Server.Terminal;

namespace Tidings.Server.Tokens;

/// <summary><c>tidings token inspect</c>: shows what a token says, and where there is a key whether it holds. The signature is not shown.</summary>
internal sealed class TokenInspect
{
    // Far above what is accepted; what comes is a stranger's.
    private const int LongestInput = 64 * 1024;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly string[] Times = ["iat", "nbf", "exp"];

    private readonly TokenKeyOptions _keys = new();
    private readonly Argument<string> _token = new("token")
    {
        Description = "The token. Where it is left out, it is read from standard input, where no list of processes shows it",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Command Command
    {
        get
        {
            var command = new Command("inspect", "Shows what a token says, and whether it holds. Exit code 1: it does not.") { _token };
            _keys.AddWithIssuersTo(command);
            command.Does((parsed, output, _) => ShowAsync(parsed, output));
            return command;
        }
    }

    private async Task<int> ShowAsync(ParseResult parsed, CommandOutput output)
    {
        var token = (parsed.GetValue(_token) ?? ReadInput()).Trim();
        var parts = token.Split('.');
        if (parts.Length != 3 || Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } payload)
        {
            throw new CommandException("This is no token: three parts of base64url with dots between, the first two of them JSON objects.");
        }

        var judged = await TokenTrial.JudgeAsync(token, header, payload, _keys.ReadIssuers(parsed));
        if (output.IsJson)
        {
            output.Json(writer =>
            {
                writer.WritePropertyName("header");
                header.WriteTo(writer);
                writer.WritePropertyName("payload");
                payload.WriteTo(writer);
                writer.WriteString("check", judged.Check);
                writer.WriteString("reason", judged.Reason);
                writer.WriteStartArray("details");
                foreach (var detail in judged.Details)
                {
                    writer.WriteStringValue(detail);
                }

                writer.WriteEndArray();
            });
        }
        else
        {
            Write(output, header, payload);
            output.Line($"check    {judged.Check}{(judged.Reason is { } why ? $": {why}" : "")}");
            foreach (var detail in judged.Details)
            {
                output.Line($"         {detail}");
            }
        }

        return judged.Check == TokenTrial.Refused ? ExitCode.Failed : ExitCode.Done;
    }

    private static void Write(CommandOutput output, JsonElement header, JsonElement payload)
    {
        output.Line($"header   {Text(header)}");
        output.Line($"payload  {Text(payload)}");
        foreach (var name in Times)
        {
            if (payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
                && seconds is >= -62_135_596_800 and < 253_402_300_800)
            {
                output.Line(string.Create(CultureInfo.InvariantCulture, $"{name,-8} {DateTimeOffset.UnixEpoch.AddSeconds(seconds):u}"));
            }
        }
    }

    private static string ReadInput()
    {
        var buffer = new char[LongestInput + 1];
        var length = Console.In.ReadBlock(buffer);
        return length <= LongestInput ? new string(buffer, 0, length) : throw CommandException.Misused($"The token has more than {LongestInput} characters.");
    }

    private static JsonElement? Decode(string part)
    {
        try
        {
            var json = JsonDocument.Parse(Base64Url.DecodeFromChars(part)).RootElement;
            return json.ValueKind == JsonValueKind.Object ? json : null;
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            return null;
        }
    }

    // Written anew: its escapes leave nothing that a terminal would obey.
    private static string Text(JsonElement json) => JsonSerializer.Serialize(json, Indented).ReplaceLineEndings("\n" + new string(' ', "payload  ".Length));
}
