using System.Buffers.Text;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tidings.Security.Tokens;
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
            _keys.AddTo(command);
            command.Does((parsed, output, _) => Task.FromResult(Show(parsed, output)));
            return command;
        }
    }

    private int Show(ParseResult parsed, CommandOutput output)
    {
        var token = (parsed.GetValue(_token) ?? ReadInput()).Trim();
        var parts = token.Split('.');
        if (parts.Length != 3 || Decode(parts[0]) is not { } header || Decode(parts[1]) is not { } payload)
        {
            throw new CommandException("This is no token: three parts of base64url with dots between, the first two of them JSON objects.");
        }

        var keys = _keys.Read(parsed);
        TokenFailure? failure = null;
        if (keys.Keys.Count > 0 && new TokenValidator(keys.Keys, keys.Issuer, keys.Audience, TimeProvider.System, keys.Validation).Validate(token) is { IsValid: false } refused)
        {
            failure = refused.Failure;
        }

        var check = keys.Keys.Count == 0 ? "none" : failure is null ? "valid" : "refused";
        var why = keys.Keys.Count == 0 ? "no key was named" : failure is { } reason ? Explain(reason) : null;
        if (output.IsJson)
        {
            output.Json(writer =>
            {
                writer.WritePropertyName("header");
                header.WriteTo(writer);
                writer.WritePropertyName("payload");
                payload.WriteTo(writer);
                writer.WriteString("check", check);
                writer.WriteString("reason", why);
            });
        }
        else
        {
            Write(output, header, payload);
            output.Line($"check    {check}{(why is null ? "" : $": {why}")}");
        }

        return failure is null ? ExitCode.Done : ExitCode.Failed;
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

    private static string Explain(TokenFailure failure) => failure switch
    {
        TokenFailure.TooLong => "it has over 8,192 characters",
        TokenFailure.Malformed => "its parts are not strict base64url",
        TokenFailure.Header => "its header has a member twice, or asks for what is not done here",
        TokenFailure.Algorithm => "no key has its algorithm",
        TokenFailure.UnknownKey => "no key of its algorithm has its kid",
        TokenFailure.Signature => "the signature is not the key's",
        TokenFailure.Claims => "a claim occurs twice or is of the wrong form",
        TokenFailure.Subject => "sub is missing or cannot be one",
        TokenFailure.Expired => "it has expired, or has no exp where one is required",
        TokenFailure.NotYetValid => "it does not hold yet",
        TokenFailure.Lifetime => "it holds longer than Tidings:Jwt:MaxLifetime",
        TokenFailure.Issuer => "iss is not the configured issuer",
        TokenFailure.Audience => "aud does not name the configured audience, or names one where none is configured",
        _ => "channels holds what cannot be a permission",
    };
}
