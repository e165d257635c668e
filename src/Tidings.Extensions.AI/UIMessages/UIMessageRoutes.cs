using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.HttpTransports;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.AspNetCore.Streams;
using Tidings.AspNetCore.Tasks;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Streams;
using Tidings.Tasks;

namespace Tidings.Extensions.AI.UIMessages;

/// <summary>The routes that the AI SDK's transport for chats calls.</summary>
internal sealed class UIMessageRoutes
{
    private readonly Edge _tidings;
    private readonly string _task;
    private readonly HttpEntrance _entrance;
    private readonly LiveSettings _settings;
    private readonly EventStreamRoute _events;
    private readonly RunningChats _chats;
    private readonly OutputViewers _viewers = new();

    public UIMessageRoutes(Edge tidings, string task)
    {
        (_tidings, _task) = (tidings, task);
        _entrance = new HttpEntrance(tidings, new ConnectRoute(tidings, tidings.Node.Channels));
        _settings = tidings.TextRoute(binary: false).With(static settings => settings with { TextHeartbeat = false });
        _events = new EventStreamRoute(_entrance, tidings.Node.Registry.Metrics, _settings);
        _chats = new RunningChats(tidings.Node.Streams, tidings.Node.Options.Tasks.Retention);
    }

    /// <summary><c>POST</c>: asks, and shows the answer.</summary>
    public Task AskAsync(HttpContext context) => ServeAsync(context, async visit =>
    {
        var (body, tooMuch) = await ApiBody.ReadAsync(context, (int)_tidings.Node.Options.Tasks.PayloadBytes);
        if (tooMuch is not null)
        {
            return (null, tooMuch);
        }

        var (request, why) = UIMessageRequest.Read(body);
        if (request is null)
        {
            return (null, Problems.BadRequest(why!));
        }

        var order = new TaskOrder(_task, JsonSerializer.SerializeToUtf8Bytes(request.Conversation, JsonSerializerOptions.Web), null, null);
        if (_tidings.Node.Tasks.Starting.Fault(order) is { } fault)
        {
            return (null, Problems.BadRequest(fault.Message));
        }

        try
        {
            var state = await _tidings.Node.Tasks.Starting.StartAsync(order, CancellationToken.None);
            await _chats.NoteAsync(request.Chat, state.Id);
            return (state.Id, null);
        }
        catch (TaskRefusedException error)
        {
            return (null, Problems.Create(error.Code, error.Message));
        }
    });

    /// <summary><c>GET …/{chat}/stream</c>: shows the answer that is being given, from its beginning.</summary>
    public Task ResumeAsync(HttpContext context) => ServeAsync(context, async visit =>
        await RunningAsync(context) is not { } id ? (null, TypedResults.NoContent())
        : await _tidings.Node.Tasks.Handler.JudgeAsync(TaskHandler.PeerOf(visit.Connection), visit.Connection.Identity, id) is { } refusal ? (null, new Refused(_entrance, refusal))
        : (id, null));

    /// <summary><c>DELETE …/{chat}/stream</c>: stops it.</summary>
    public async Task CancelAsync(HttpContext context)
    {
        try
        {
            if (await _entrance.AdmitAsync(context) is not { } arrival)
            {
                return;
            }

            var (refusal, _) = await RunningAsync(context) is { } id ? await _tidings.Node.Tasks.Cancelling.CancelForClientAsync(id, arrival.Identity is not null, CancellationToken.None) : default;
            await (refusal is null ? TypedResults.NoContent() : Problems.Create(refusal.Value, "This answer may not be cancelled.")).ExecuteAsync(context);
        }
        catch (BrokerUnavailableException error)
        {
            await HttpEntrance.AnswerAsync(context, Problems.Unavailable(error.Message));
        }
    }

    private async ValueTask<string?> RunningAsync(HttpContext context) =>
        context.Request.RouteValues["chat"] is string chat && TaskId.IsValid(chat)
        && await _chats.FindAsync(chat, context.RequestAborted) is { } id
        && await _tidings.Node.Tasks.Registry.FindAsync(id, context.RequestAborted) is { State.IsFinal: false } ? id : null;

    private async Task ServeAsync(HttpContext context, Func<Visit, Task<(string? Id, IResult? Answer)>> find)
    {
        if (await _entrance.EnterAsync(context, _settings.Current, counted: true, stream: true, _viewers) is not { } visit)
        {
            return;
        }

        string? id = null;
        IResult? answer;
        try
        {
            (id, answer) = await find(visit);
        }
        catch (BrokerUnavailableException error)
        {
            answer = Problems.Unavailable(error.Message);
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }

        if (id is null)
        {
            visit.Connection.Abandon();
            await HttpEntrance.AnswerAsync(context, answer!);
            return;
        }

        var tasks = _tidings.Node.Tasks.Registry;
        var pump = new StreamPump(visit.Connection, tasks.Outputs.Signals, new UIMessageFrames(tasks, id));
        visit.Connection.Tag = pump;
        pump.Start(0);
        context.Response.Headers["x-vercel-ai-ui-message-stream"] = "v1";
        await _events.RunAsync(context, visit, (output, _) => new RawEventWire(output, visit.Lane, context.Abort));
    }

    private sealed class Refused(HttpEntrance entrance, DisconnectCode code) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => entrance.NoteAndRefuseAsync(httpContext, code);
    }
}
