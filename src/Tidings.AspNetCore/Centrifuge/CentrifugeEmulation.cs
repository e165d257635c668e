using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Takes the commands of sessions that hear over a response that goes on, on whatever node that is.</summary>
internal sealed class CentrifugeEmulation(Edge edge)
{
    private const int LargestBody = 64 * 1024;
    private const int LongestName = 128;

    private static readonly JsonDocumentOptions Bounds = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    public async Task ServeAsync(HttpContext context)
    {
        var (body, refusal) = await ApiBody.ReadAsync(context, LargestBody);
        if (refusal is null && edge.Node.Registry.Rates.RefuseQuestion(AddressKey.From(context.Connection.RemoteIpAddress), user: null) is { Refuses: true } rate)
        {
            refusal = Problems.RateLimited(context, rate.RetryAfter, rate.SharedLimit);
        }

        if (refusal is not null)
        {
            await HttpEntrance.AnswerAsync(context, refusal);
            return;
        }

        context.Response.StatusCode = !edge.Origins.Allows(context.Request) ? StatusCodes.Status403Forbidden
            : (CentrifugeStreams.IsBinary(context.Request) ? ReadBinary(body.Span) : Read(body)) is { } said ? await HearAsync(said, context.RequestAborted)
            : StatusCodes.Status400BadRequest;
    }

    private async ValueTask<int> HearAsync((string Session, string Node, byte[] Text) said, CancellationToken cancellationToken)
    {
        if (said.Session.Split('.') is not [{ Length: > 0 } connection, { Length: > 0 } secret])
        {
            return StatusCodes.Status404NotFound;
        }

        try
        {
            return await edge.Node.ServerActions.HearAsync(said.Node == edge.Node.Id, connection, secret, said.Text, cancellationToken) ? StatusCodes.Status204NoContent : StatusCodes.Status404NotFound;
        }
        catch (BrokerUnavailableException)
        {
            return StatusCodes.Status503ServiceUnavailable;
        }
    }

    private static (string Session, string Node, byte[] Text)? Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Bounds);
            var body = document.RootElement;
            return body.ValueKind == JsonValueKind.Object && Text(body, "session") is { Length: <= LongestName } session && Text(body, "node") is { Length: <= LongestName } node && Text(body, "data") is { } data
                ? (session, node, Encoding.UTF8.GetBytes(data))
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // A node, a session and commands, in Protobuf.
    private static (string Session, string Node, byte[] Text)? ReadBinary(ReadOnlySpan<byte> request)
    {
        string? session = null, node = null;
        byte[]? lines = null;
        while (!request.IsEmpty)
        {
            if (!ProtobufReader.TryTakeField(ref request, out var field, out var value))
            {
                return null;
            }

            switch (field)
            {
                case 1: node = Utf8.IsValid(value) ? Encoding.UTF8.GetString(value) : null; break;
                case 2: session = Utf8.IsValid(value) ? Encoding.UTF8.GetString(value) : null; break;
                case 3: lines = CentrifugeProtobufDialect.LinesOf(value); break;
            }
        }

        return session is { Length: <= LongestName } && node is { Length: <= LongestName } && lines is not null ? (session, node, lines) : null;
    }

    private static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
