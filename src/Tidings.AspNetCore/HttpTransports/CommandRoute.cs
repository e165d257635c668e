using System.Buffers;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Responses;
using Tidings.Dialects;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Quotas;
using Tidings.Sessions;

namespace Tidings.AspNetCore.HttpTransports;

/// <summary>Commands over HTTP (docs/protocol.md, "Commands"): carried out one after the other, as those of a connection are.</summary>
/// <param name="entrance">Lets requests in.</param>
/// <param name="channels">Makes the session that a request is.</param>
/// <param name="actions">What commands do.</param>
/// <param name="settings">What holds for connections; when replies have become longer than what may wait for one, no further command is carried out.</param>
/// <param name="saying">The same for the connection that each request is.</param>
internal sealed class CommandRoute(HttpEntrance entrance, ChannelHandler channels, CommandActions actions, LiveSettings settings, LiveSettings saying)
{
    private static readonly FieldFault[] NeedsConnection = [new("type", "needs a connection")];

    public async Task ServeAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType())
        {
            await HttpEntrance.AnswerAsync(context, Problems.BadRequest("The content type must be application/json."));
            return;
        }

        if (await entrance.EnterAsync(context, saying.Current, counted: false) is not { } visit)
        {
            return;
        }

        var wire = new ReplyWire(visit.Lane, context.Abort);
        visit.Connection.Attach(wire);
        using var gone = context.RequestAborted.UnsafeRegister(static wire => ((ResponseWire)wire!).Lose(), wire);
        try
        {
            if (await ReadAsync(context) is { } body)
            {
                await CarryOutAsync(visit, wire, body.Commands, context.Request.Query["connection"]);
                await WriteAsync(context, wire, body.IsArray);
            }
        }
        finally
        {
            visit.Connection.Close(DisconnectCode.Goodbye);
            wire.Finish();
        }

        await wire.Completion;
    }

    private async ValueTask<CommandBody?> ReadAsync(HttpContext context)
    {
        var (bytes, refusal) = await ApiBody.ReadAsync(context, settings.Current.Messages.HardLimit);
        if (refusal is not null)
        {
            await HttpEntrance.AnswerAsync(context, refusal);
            return null;
        }

        var (body, fault) = CommandBody.Read(bytes);
        if (body is null)
        {
            await HttpEntrance.AnswerAsync(context, Problems.BadRequest(fault!));
        }

        return body;
    }

    private async Task CarryOutAsync(Visit visit, ReplyWire wire, IReadOnlyList<ReadOnlyMemory<byte>> commands, string? stream)
    {
        var connection = visit.Connection;
        var session = channels.BeginSaying(connection, visit.Arrival, visit.Address, stream);
        await connection.Lane.SwitchTo();
        foreach (var json in commands)
        {
            if (session.Ended)
            {
                break;
            }

            connection.Lane.Traffic.MessagesReceived++;
            if (connection.QueuedBytes + wire.Bytes > settings.Current.QueueBytes)
            {
                CommandReader.Read(json.Span, out var unread);
                session.Answer(unread, new Outcome.Refused(ErrorCode.TooLarge, "Answer too large"));
            }
            else
            {
                await CarryOutAsync(session, visit, json);
            }
        }

        // What was queued in this turn reaches the wire at its end, and this goes on elsewhere.
        connection.Close(DisconnectCode.Goodbye);
        await wire.Answered.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
    }

    private async ValueTask CarryOutAsync(ChannelSession session, Visit visit, ReadOnlyMemory<byte> json)
    {
        RateRefusal refusal;
        if (json.Length > settings.Current.Messages.SoftLimit)
        {
            session.Say(new Notice.Refused(TryContent(session, visit, out refusal) ? Outcome.Refused.TooLarge : Outcome.Refused.By(refusal)));
            return;
        }

        if (CommandReader.Read(json.Span, out var command) is { } fault)
        {
            session.Answer(command, new Outcome.Refused(ErrorCode.BadRequest, fault.Error, fault.Details));
            return;
        }

        switch (command.Type)
        {
            case CommandType.Publish or CommandType.Track or CommandType.Send or CommandType.Call when !TryContent(session, visit, out refusal):
            case CommandType.Presence or CommandType.History or CommandType.Ping when !TryAsk(session, visit, out refusal):
                session.Answer(command, Outcome.Refused.By(refusal));
                break;
            case CommandType.Publish or CommandType.Track or CommandType.Send or CommandType.Call or CommandType.Presence or CommandType.History or CommandType.Ping:
                await ChannelHandler.CompleteAsync(session, command, actions.CarryOutAsync(session, command));
                break;
            default:
                session.Answer(command, new Outcome.Refused(ErrorCode.BadRequest, "Invalid message format", NeedsConnection));
                break;
        }
    }

    private static bool TryContent(ChannelSession session, Visit visit, out RateRefusal refusal)
    {
        var rates = session.Connection.Registry.Rates;
        refusal = rates.RefusePostedMessage(visit.Address, session.User);
        refusal = refusal.Refuses ? refusal : rates.Refuse(visit.Address, session.User);
        return Count(session, refusal);
    }

    private static bool TryAsk(ChannelSession session, Visit visit, out RateRefusal refusal)
    {
        refusal = session.Connection.Registry.Rates.RefusePostedQuestion(visit.Address, session.User);
        return Count(session, refusal);
    }

    private static bool Count(ChannelSession session, in RateRefusal refusal)
    {
        if (refusal.Limit is { } limit)
        {
            session.Connection.Registry.Metrics.RateLimited(limit);
        }

        return !refusal.Refuses;
    }

    private static async Task WriteAsync(HttpContext context, ReplyWire wire, bool isArray)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        await JsonAnswer.StartAsync(context);
        var output = context.Response.BodyWriter;
        if (isArray)
        {
            await JsonAnswer.WriteAsync(output, wire.Replies, context.RequestAborted);
        }
        else
        {
            output.Write(wire.Replies[0].Span);
        }

        await output.FlushAsync(context.RequestAborted);
    }
}
