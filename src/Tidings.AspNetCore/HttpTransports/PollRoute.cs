using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Responses;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Protocol.Positions;
using Tidings.Sessions;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Polling, long and plain (docs/protocol.md, "Polling"): each request is a connection of its own, which ends with the first that there is to tell.</summary>
internal sealed class PollRoute(HttpEntrance entrance, ConnectionMetrics metrics, LiveSettings settings, TimeProvider time)
{
    public async Task ServeAsync(HttpContext context)
    {
        var (request, fault) = ReadRequest.Read(context.Request);
        if (request is null || request.States.Count > 0)
        {
            await HttpEntrance.AnswerAsync(context, Problems.BadRequest(fault ?? "state is for WebSockets and streams: an answer to a poll has messages alone."));
            return;
        }

        if (await entrance.EnterAsync(context, settings.Current, counted: true) is not { } visit || !await entrance.TryBeginAsync(context, visit, request.Wishes(visit.Arrival.Channels)))
        {
            return;
        }

        // A reader that has not said where it stands is answered at once.
        var waits = request.Since is not null && request.Wait > TimeSpan.Zero;
        using var counted = metrics.Count(TransportKind.Polling);
        var wire = new PollWire(new ReaderPosition(request.Since), waits, visit.Lane, context.Abort);
        visit.Connection.Attach(wire);
        using var gone = context.RequestAborted.UnsafeRegister(static wire => ((ResponseWire)wire!).Lose(), wire);
        try
        {
            await AnswerAsync(context, visit, wire, waits ? await WaitAsync(visit.Connection, wire, request.Wait) : await wire.Answered);
        }
        finally
        {
            wire.Finish();
        }

        await wire.Completion;
    }

    private async Task<DisconnectCode> WaitAsync(Connection connection, PollWire wire, TimeSpan wait)
    {
        await using var timer = time.CreateTimer(
            static connection => ((Connection)connection!).Close(DisconnectCode.Goodbye), connection, wait, Timeout.InfiniteTimeSpan);
        return await wire.Answered;
    }

    private static async Task AnswerAsync(HttpContext context, Visit visit, PollWire wire, DisconnectCode code)
    {
        switch (code.Code)
        {
            case 1006:
                // The client has gone.
                return;
            case 1000 or 1001 or 1013 or 4100:
                // Also where the server goes, or more was said than may wait: what was collected is told, and the position says where to go on.
                await WriteAsync(context, wire, (ChannelSession)visit.Connection.Tag!);
                return;
            default:
                await HttpEntrance.RefuseAsync(context, code);
                return;
        }
    }

    private static async Task WriteAsync(HttpContext context, PollWire wire, ChannelSession session)
    {
        await JsonAnswer.StartAsync(context);
        var output = context.Response.BodyWriter;
        output.Write("{\"position\":\""u8);
        output.Write(wire.Position.Text);
        output.Write("\",\"messages\":"u8);
        await JsonAnswer.WriteAsync(output, wire.Messages, context.RequestAborted);
        output.Write(",\"gaps\":"u8);
        await JsonAnswer.WriteAsync(output, wire.Gaps, context.RequestAborted);
        WriteExpires(output, session);
        output.Write("}"u8);
        await output.FlushAsync(context.RequestAborted);
    }

    // In how many seconds the tokens of single subscriptions end, where there are any: a poll that comes later with one is refused.
    private static void WriteExpires(PipeWriter output, ChannelSession session)
    {
        var expires = session.All.Where(static one => one.Grant?.Expires is not null).ToDictionary(static one => one.Channel, static one => one.Grant!.Expires!.Value);
        if (expires.Count == 0)
        {
            return;
        }

        output.Write(",\"expires\":"u8);
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        foreach (var (channel, seconds) in expires)
        {
            writer.WriteNumber(channel, seconds);
        }

        writer.WriteEndObject();
    }
}
