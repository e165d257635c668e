using System.IO.Pipelines;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Responses;
using Tidings.Connections;
using Tidings.Protocol.Positions;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Server-Sent Events (docs/protocol.md, "Server-Sent Events").</summary>
internal sealed class EventStreamRoute(HttpEntrance entrance, ConnectionMetrics metrics, LiveSettings settings)
{
    // So that the clients of a server that went away don't all come back in the same moment.
    private const int ShortestRetry = 1_000;
    private const int LongestRetry = 5_000;

    public async Task ServeAsync(HttpContext context)
    {
        if (ReadRequest.IsFinal(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var (request, fault) = ReadRequest.Read(context.Request);
        if (request is null)
        {
            await HttpEntrance.AnswerAsync(context, Problems.BadRequest(fault!));
            return;
        }

        if (await entrance.EnterAsync(context, settings.Current, counted: true, stream: true) is not { } visit || !await entrance.TryBeginAsync(context, visit, request.Wishes(visit.Arrival.Channels)))
        {
            return;
        }

        await RunAsync(context, visit, new ReaderPosition(request.Since));
    }

    /// <summary>Writes what a connection has to say until it ends.</summary>
    /// <param name="context">The request.</param>
    /// <param name="visit">Its connection, which is a member of what it is to hear.</param>
    /// <param name="position">Where its reader stands; null where there are no positions.</param>
    public Task RunAsync(HttpContext context, Visit visit, ReaderPosition? position) =>
        RunAsync(context, visit, (output, retry) => new EventStreamWire(output, position, retry, visit.Lane, context.Abort));

    /// <summary>The same in events of another form.</summary>
    /// <param name="context">The request.</param>
    /// <param name="visit">Its connection.</param>
    /// <param name="make">Makes its wire, of where to write and the milliseconds after which a reader comes back.</param>
    public async Task RunAsync(HttpContext context, Visit visit, Func<PipeWriter, int, StreamingWire> make)
    {
        try
        {
            await StartAsync(context);
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }

        using var counted = metrics.Count(TransportKind.ServerSentEvents);
        var retry = RandomNumberGenerator.GetInt32(ShortestRetry, LongestRetry + 1);
        var wire = make(context.Response.BodyWriter, retry);
        visit.Connection.Attach(wire);
        using var gone = context.RequestAborted.UnsafeRegister(static wire => ((ResponseWire)wire!).Lose(), wire);
        await wire.Completion;
    }

    // Nothing between here and the reader may keep an event back: no cache, no buffer, no compression that waits for more.
    private static Task StartAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentType = "text/event-stream";
        headers.CacheControl = "no-cache, no-store";
        headers.ContentEncoding = "identity";
        headers["X-Accel-Buffering"] = "no";
        headers.XContentTypeOptions = "nosniff";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        return context.Response.StartAsync(context.RequestAborted);
    }
}
