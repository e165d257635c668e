using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.HttpTransports;
using Tidings.AspNetCore.Responses;
using Tidings.Connections;
using Tidings.Sessions;

namespace Tidings.AspNetCore.Centrifuge;

/// <summary>Sessions whose replies are a response that goes on; their commands come with its request, and later by <see cref="CentrifugeEmulation"/>.</summary>
/// <param name="entrance">Who comes in.</param>
/// <param name="handler">Speaks JSON.</param>
/// <param name="binary">Speaks Protobuf, and hears lines of JSON.</param>
/// <param name="settings">Those of each connection.</param>
/// <param name="metrics">Counts connections.</param>
internal sealed class CentrifugeStreams(HttpEntrance entrance, ChannelHandler handler, ChannelHandler binary, LiveSettings settings, ConnectionMetrics metrics)
{
    private static readonly LineForm Events = new("text/event-stream", "\r\n"u8.ToArray(), "data: "u8.ToArray(), "\n\n"u8.ToArray(), CentrifugeJson.Disconnect);
    private static readonly LineForm Lines = new("application/octet-stream", [], [], "\n"u8.ToArray(), CentrifugeJson.Disconnect);
    private static readonly LineForm Messages = new("application/octet-stream", [], [], [], CentrifugeProtobufDialect.Disconnect);

    /// <summary>Whether a request bears Protobuf.</summary>
    public static bool IsBinary(HttpRequest request) => request.ContentType?.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase) == true;

    public Task ServeEventsAsync(HttpContext context) => ServeAsync(context, Events);

    public Task ServeLinesAsync(HttpContext context) => ServeAsync(context, IsBinary(context.Request) ? Messages : Lines);

    private async Task ServeAsync(HttpContext context, LineForm form)
    {
        var isBinary = form == Messages;
        if (!isBinary && IsBinary(context.Request))
        {
            // Events of a stream are text.
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var (commands, refusal) = await ReadAsync(context, isBinary);
        if (refusal is not null)
        {
            await HttpEntrance.AnswerAsync(context, refusal);
            return;
        }

        if (await entrance.EnterPendingAsync(context, settings.Current, isBinary ? binary : handler) is { } visit)
        {
            await RunAsync(context, visit, form, commands);
        }
    }

    private async ValueTask<(byte[] Commands, IResult? Refusal)> ReadAsync(HttpContext context, bool isBinary)
    {
        var largest = settings.Current.Messages.SoftLimit;
        byte[] commands;
        if (HttpMethods.IsPost(context.Request.Method))
        {
            var body = await ApiBody.ReadAsync(context, largest);
            if (body.Refusal is not null)
            {
                return ([], body.Refusal);
            }

            commands = isBinary ? CentrifugeProtobufDialect.LinesOf(body.Bytes.Span) ?? [] : body.Bytes.ToArray();
        }
        else
        {
            commands = Encoding.UTF8.GetBytes(context.Request.Query["cf_connect"].ToString());
        }

        return commands.Length == 0 || !Utf8.IsValid(commands) ? ([], Problems.BadRequest("The commands, the first of them connect, are missing or malformed."))
            : commands.Length > largest ? ([], Problems.TooLarge($"The commands may have at most {largest} bytes."))
            : (commands, null);
    }

    private async Task RunAsync(HttpContext context, Visit visit, LineForm form, byte[] commands)
    {
        try
        {
            await StartAsync(context, form);
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }

        using var counted = metrics.Count(TransportKind.ServerSentEvents);
        var wire = new LineWire(context.Response.BodyWriter, form, visit.Lane, context.Abort);
        visit.Connection.Attach(wire);
        visit.Connection.Hear(commands);
        using var gone = context.RequestAborted.UnsafeRegister(static wire => ((ResponseWire)wire!).Lose(), wire);
        await wire.Completion;
    }

    // Nothing between here and the client may keep a reply back.
    private static Task StartAsync(HttpContext context, LineForm form)
    {
        var headers = context.Response.Headers;
        headers.ContentType = form.ContentType;
        headers.CacheControl = "private, no-cache, no-store, must-revalidate, max-age=0";
        headers.ContentEncoding = "identity";
        headers["X-Accel-Buffering"] = "no";
        headers.XContentTypeOptions = "nosniff";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        return context.Response.StartAsync(context.RequestAborted);
    }
}
