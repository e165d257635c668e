using System.Text.Json;
using Tidings.Protocol;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

// In here: the library has options and messages of the same names.
using Tidings.Client;

/// <summary>What a server's refusals are called in a sentence.</summary>
internal static class RemoteFaults
{
    public static CommandException NoTidings(Uri url) =>
        new($"What answers at {url} is no Tidings server, or of another version. Is the address right, with its path where it stands behind a proxy?");

    /// <summary>What was refused over the channel protocol, or why there is no connection.</summary>
    public static CommandException Of(Uri url, TidingsException error) => error switch
    {
        TidingsDisconnectedException { Reason: var reason } => Of(url, reason),
        { Code: ErrorCode.NotAllowed } => new($"{url} does not allow it: give a token that does by --token, or the server's API key where the command takes one."),
        _ => new($"{url} refused: {error.Message}{Fields(error)}"),
    };

    public static CommandException Of(Uri url, DisconnectCode reason) => reason.Code switch
    {
        1006 => new($"No answer from {url}. Is the server running there? --url names another."),
        4001 => new($"{url} does not accept who asks ({reason.Reason}): give a token that holds by --token."),
        _ => new($"{url} ended the connection: {reason.Code}{(reason.Reason.Length == 0 ? "" : " " + reason.Reason)}."),
    };

    /// <summary>What a problem (RFC 9457) says; null where it is none.</summary>
    public static string? Detail(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var problem = JsonDocument.ParseValue(ref reader);
            return problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    public static string Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error.Message.TrimEnd('.') + ".";

    private static string Fields(TidingsException error) => error.Details.Count == 0 ? "" : $" ({string.Join(", ", error.Details.Select(static field => $"{field.Field} {field.Message}"))})";
}
