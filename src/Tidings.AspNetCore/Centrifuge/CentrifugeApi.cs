using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Messages;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>The protocol's HTTP API: <c>POST {ApiPath}/{method}</c>, with its own key or those of the server API.</summary>
internal sealed class CentrifugeApi(Edge edge, CentrifugeOptions options)
{
    private const string Scheme = "apikey ";
    private const string KeyHeader = "X-API-Key";
    private const string Batch = "batch";
    private const int MostCommands = 1000;

    private static readonly JsonDocumentOptions Bounds = new() { MaxDepth = JsonPayload.MaxDepth };

    private readonly CentrifugeMethods _methods = new(edge);

    // Insecure is for programs of the developer's machine, and not for the pages that its browser shows.
    private readonly ServerKey _key = options.ApiKey is null && !options.Insecure ? edge.ApiAccess
        : new ServerKey([("Tidings:Centrifuge:ApiKey", options.ApiKey)], edge.Node.Limits.ApiRate, trustsLocal: options.Insecure, edge.Node.Time, edge.Node.Registry.Metrics, edge.Node.Registry.Refusals);

    public async Task ServeAsync(HttpContext context)
    {
        if (_key.Refuse(context.Request, Shown(context.Request), out _) is { } refusal)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        var method = (string)context.Request.RouteValues["method"]!;
        var (body, wrong) = await ApiBody.ReadAsync(context, (int)Math.Min(16L * edge.Node.Limits.Messages(binary: false).SoftLimit, Array.MaxLength), server: true);
        if (wrong is not null)
        {
            await wrong.ExecuteAsync(context);
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(body.IsEmpty ? "{}"u8.ToArray() : body, Bounds);
            if (document.RootElement.ValueKind != JsonValueKind.Object || (method != Batch && !CentrifugeMethods.Has(method)))
            {
                context.Response.StatusCode = document.RootElement.ValueKind == JsonValueKind.Object ? StatusCodes.Status404NotFound : StatusCodes.Status400BadRequest;
                return;
            }

            context.Response.ContentType = "application/json";
            context.Response.Headers.CacheControl = "no-store";
            await context.Response.BodyWriter.WriteAsync(method == Batch
                ? await CarryOutAllAsync(document.RootElement, context.RequestAborted)
                : Answer("result", await CarryOutAsync(method, document.RootElement, context.RequestAborted)));
        }
        catch (JsonException)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
    }

    private static string? Shown(HttpRequest request)
    {
        if (request.Headers[KeyHeader] is { Count: 1 } key)
        {
            return key[0];
        }

        // As the server API wants it, too.
        const string Bearer = "Bearer ";
        return request.Headers.Authorization is not { Count: 1 } authorization || authorization[0] is not { } text ? null
            : text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text[Scheme.Length..]
            : text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? text[Bearer.Length..] : null;
    }

    private async ValueTask<CentrifugeOutcome> CarryOutAsync(string method, JsonElement parameters, CancellationToken cancellationToken)
    {
        try
        {
            return await _methods.CarryOutAsync(method, parameters, cancellationToken);
        }
        catch (BrokerUnavailableException)
        {
            return CentrifugeCodes.Internal;
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            // An escape such as \ud800 names no character, and not every text is Base64.
            return CentrifugeCodes.BadRequest;
        }
    }

    // One after the other, whatever `parallel` says: order is what a batch is for.
    private async ValueTask<byte[]> CarryOutAllAsync(JsonElement body, CancellationToken cancellationToken)
    {
        if (!body.TryGetProperty("commands"u8, out var commands) || commands.ValueKind != JsonValueKind.Array || commands.GetArrayLength() > MostCommands)
        {
            return Answer("result", CentrifugeCodes.BadRequest);
        }

        var replies = new List<byte[]>(commands.GetArrayLength());
        foreach (var command in commands.EnumerateArray())
        {
            var (method, parameters) = command.ValueKind == JsonValueKind.Object && command.EnumerateObject().FirstOrDefault() is { Value.ValueKind: JsonValueKind.Object } first ? (first.Name, first.Value) : ("", default);
            replies.Add(CentrifugeMethods.Has(method)
                ? Answer(method, await CarryOutAsync(method, parameters, cancellationToken))
                : Answer("result", CentrifugeCodes.MethodNotFound));
        }

        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartArray("replies"u8);
        foreach (var reply in replies)
        {
            frame.Writer.WriteRawValue(reply, skipInputValidation: true);
        }

        frame.Writer.WriteEndArray();
        return frame.EndJson().ToArray();
    }

    private static byte[] Answer(string name, CentrifugeOutcome outcome)
    {
        var frame = JsonFrame.Begin();
        if (outcome.Error > 0)
        {
            CentrifugeJson.WriteError(frame, outcome.Error);
        }
        else
        {
            frame.Writer.WritePropertyName(name);
            frame.Writer.WriteRawValue(outcome.Result.Span, skipInputValidation: true);
        }

        return frame.EndJson().ToArray();
    }
}
