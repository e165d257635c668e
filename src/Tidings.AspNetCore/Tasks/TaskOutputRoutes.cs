using System.Globalization;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.HttpTransports;
using Tidings.AspNetCore.Origins;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Tasks;

/// <summary>Outputs of tasks over HTTP: written by workers, read and followed by those who may watch the task.</summary>
internal sealed class TaskOutputRoutes(Edge tidings, HttpEntrance entrance, EventStreamRoute events, LiveSettings settings, TaskReadRoutes reading)
{
    private const int PartBytes = 64 * 1024;
    private const string NextOffset = "Stream-Next-Offset";
    private const string Closed = "Stream-Closed";
    private const string Exposed = $"{NextOffset}, {Closed}, Retry-After";

    private readonly OutputViewers _viewers = new();

    private TaskOutputs Outputs => tidings.Node.Tasks.Registry.Outputs;

    /// <summary>From which byte on a viewer wants to see the output; null where it does not say so, or not soundly.</summary>
    public static long? WatchedFrom(HttpContext context) => context.Request.Query["output"] == "true" ? new ApiQuery(context.Request.Query).Offset("offset") ?? 0 : null;

    /// <summary>What is wrong with what a viewer says of the output; null where nothing is.</summary>
    public static string? WatchFault(HttpContext context)
    {
        var query = new ApiQuery(context.Request.Query);
        var output = query.Text("output");
        query.Offset("offset");
        return query.Fault ?? (output is null or "true" or "false" ? null : "output must be true or false.");
    }

    /// <summary><c>POST /api/tasks/{id}/output</c>.</summary>
    public async Task<IResult> AppendAsync(HttpContext context)
    {
        if (tidings.TaskAccess.Refuse(context.Request, out _) is { } refusal)
        {
            return refusal;
        }

        var id = TaskReadRoutes.IdOf(context);
        if (!TaskId.IsValid(id))
        {
            return TaskProblems.InvalidId;
        }

        var query = new ApiQuery(context.Request.Query);
        var offset = query.Offset("offset");
        if (query.Fault is { } fault)
        {
            return Problems.BadRequest(fault);
        }

        var largest = Outputs.LargestChunk;
        var (body, tooMuch) = await ApiBody.ReadAsync(context, largest, tidings.TaskAccess.IsShown(context.Request), $"A chunk may have at most {largest} bytes (Tidings:Streams:AppendBytes).");
        if (tooMuch is not null)
        {
            return tooMuch;
        }

        var appended = await tidings.Node.Tasks.Registry.AppendAsync(id, body, offset, StreamContentType.AreSame(context.Request.ContentType ?? "", StreamContentType.Binary));
        var end = appended.Head?.Length ?? 0;
        return appended.Verdict switch
        {
            StreamVerdict.Appended or StreamVerdict.Repeated => new OutputEndResult(end),
            StreamVerdict.NotFound => TaskProblems.NotFound,
            StreamVerdict.Closed => Conflict($"The task has ended, and its output with it: {await StatusAsync(id, appended.Head)}", end),
            StreamVerdict.OtherPlace => Conflict(
                offset > end ? $"The output has {end} bytes: what is before {offset} is missing." : $"Other bytes stand at {offset}: somebody else writes this output.", end),
            StreamVerdict.NotText => Problems.BadRequest("The output is text, and this is no UTF-8. An output of bytes begins with a chunk of application/octet-stream."),
            StreamVerdict.TooLarge => Problems.TooLarge($"An output may have at most {tidings.Node.Options.Tasks.OutputBytes} bytes (Tidings:Tasks:OutputBytes)."),
            StreamVerdict.Full or StreamVerdict.WriterFull => Problems.Create(ErrorCode.TooMany, "All streams together have as many bytes as they may (Tidings:Streams:TotalBytes)."),
            _ => Conflict("The output cannot be written.", end),
        };
    }

    /// <summary><c>GET /api/tasks/{id}/output</c>: what there is, or as Server-Sent Events what there is and what follows.</summary>
    public Task ServeAsync(HttpContext context)
    {
        CrossOrigin.Expose(context, Exposed);
        return context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) ? FollowAsync(context) : ReadAsync(context);
    }

    private async Task ReadAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        var id = TaskReadRoutes.IdOf(context);
        try
        {
            if (!await reading.TryAdmitAsync(context, id))
            {
                return;
            }

            var query = new ApiQuery(context.Request.Query);
            var from = query.Offset("offset") ?? 0;
            if (query.Fault is { } fault)
            {
                await HttpEntrance.AnswerAsync(context, Problems.BadRequest(fault));
            }
            else if (await Outputs.ReadAsync(id, from, PartBytes, context.RequestAborted) is not { } part)
            {
                await HttpEntrance.AnswerAsync(context, TaskProblems.NotFound);
            }
            else if (from > part.Length)
            {
                await HttpEntrance.AnswerAsync(context, Behind(part.Length));
            }
            else
            {
                await WriteAsync(context, id, part);
            }
        }
        catch (BrokerUnavailableException error)
        {
            await HttpEntrance.AnswerAsync(context, Problems.Unavailable(error.Message));
        }
    }

    // As much as there was when it began. What has ended by then says so.
    private async Task WriteAsync(HttpContext context, string id, OutputPart part)
    {
        var response = context.Response;
        var end = part.Status is null ? part.Length : part.Next;
        if (part.IsText && part.Next < end && await Outputs.ReadAsync(id, Math.Max(part.Next, end - 4), 4, context.RequestAborted) is { } last)
        {
            // A character whose rest has not come yet is not cut.
            end = Math.Max(part.Next, Math.Min(end, last.Next));
        }
        else if (part.Length - part.From <= PartBytes)
        {
            end = part.Next;
        }

        response.ContentType = part.IsText ? StreamContentType.Text : StreamContentType.Binary;
        response.ContentLength = end - part.From;
        response.Headers[NextOffset] = end.ToString(CultureInfo.InvariantCulture);
        if (part.Status is not null)
        {
            response.Headers[Closed] = "true";
        }

        while (true)
        {
            await response.Body.WriteAsync(part.Bytes[..(int)Math.Min(part.Bytes.Length, end - part.From)], context.RequestAborted);
            if (part.Next >= end)
            {
                return;
            }

            if (await Outputs.ReadAsync(id, part.Next, PartBytes, context.RequestAborted) is not { Bytes.IsEmpty: false } next)
            {
                // It was removed meanwhile: what was promised does not come.
                context.Abort();
                return;
            }

            part = next;
        }
    }

    private async Task FollowAsync(HttpContext context)
    {
        if (ReadRequest.IsFinal(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var id = TaskReadRoutes.IdOf(context);
        var query = new ApiQuery(context.Request.Query);
        var from = query.Offset("offset") ?? 0;
        if (context.Request.Headers["Last-Event-ID"] is [{ Length: > 0 } last] && !long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out from))
        {
            query.Refuse("Last-Event-ID must be one that this output gave.", 0);
        }

        if (query.Fault is { } fault || !TaskId.IsValid(id))
        {
            await HttpEntrance.AnswerAsync(context, query.Fault is null ? TaskProblems.InvalidId : Problems.BadRequest(query.Fault));
            return;
        }

        if (await entrance.EnterAsync(context, settings.Current, counted: true, stream: true, _viewers) is not { } visit)
        {
            return;
        }

        if (!await TryBeginAsync(context, visit, id, from))
        {
            return;
        }

        await events.RunAsync(context, visit, (output, retry) => new OutputWire(output, retry, visit.Lane, context.Abort));
    }

    private async Task<bool> TryBeginAsync(HttpContext context, Visit visit, string id, long from)
    {
        try
        {
            var handler = tidings.Node.Tasks.Handler;
            if (await handler.JudgeAsync(TaskHandler.PeerOf(visit.Connection), visit.Connection.Identity, id) is { } refusal)
            {
                var who = visit.Connection.Identity;
                visit.Connection.Abandon();
                await entrance.NoteAndRefuseAsync(context, refusal, handler.WhyNot(who, id));
                return false;
            }

            var part = await Outputs.ReadAsync(id, from, 0, context.RequestAborted);
            if (part is null || from > part.Value.Length)
            {
                visit.Connection.Abandon();
                await HttpEntrance.AnswerAsync(context, part is null ? TaskProblems.NotFound : Behind(part.Value.Length));
                return false;
            }
        }
        catch (BrokerUnavailableException)
        {
            visit.Connection.Abandon();
            await HttpEntrance.RefuseAsync(context, DisconnectCode.Unavailable);
            return false;
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }

        var pump = new StreamPump(visit.Connection, Outputs.Signals, Outputs.FramesOf(id));
        visit.Connection.Tag = pump;
        pump.Start(from);
        return true;
    }

    private async ValueTask<string> StatusAsync(string id, StreamHead? head) => head is not null ? head.Failure ?? WorkStatus.Completed.ToWire()
        : (await tidings.Node.Tasks.Registry.FindAsync(id, CancellationToken.None))?.State.Status.ToWire() ?? "removed";

    private static IResult Behind(long length) => Problems.BadRequest($"offset is past the end of the output, which has {length} bytes.");

    private static IResult Conflict(string detail, long end) => TypedResults.Problem(
        detail, statusCode: StatusCodes.Status409Conflict, extensions: [new("code", ErrorCode.Conflict.ToWire()), new("offset", end)]);
}

/// <summary>Connections that follow an output, and say nothing.</summary>
internal sealed class OutputViewers : ConnectionHandler
{
    public override string ProtocolName => "output";

    public override void OnText(Connection connection, ReadOnlySpan<byte> text)
    {
    }

    // A stream has no words for it: its viewer comes back with another token.
    public override void OnTokenExpiring(Connection connection, long seconds)
    {
    }

    public override void OnClosed(Connection connection, DisconnectCode code) => (connection.Tag as StreamPump)?.Stop();
}

/// <summary>Where an output ends now.</summary>
internal sealed class OutputEndResult(long end) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var json = System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"offset":{{end}}}"""));
        httpContext.Response.ContentType = "application/json";
        httpContext.Response.ContentLength = json.Length;
        await httpContext.Response.Body.WriteAsync(json, httpContext.RequestAborted);
    }
}
