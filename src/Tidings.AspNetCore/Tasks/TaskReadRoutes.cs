using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.HttpTransports;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Protocol;
using Tidings.Rules;
using Tidings.Sessions;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Tasks;

/// <summary>Reading, watching and cancelling tasks over HTTP: for those who hold a key, and for those who may watch.</summary>
internal sealed class TaskReadRoutes(Edge tidings, HttpEntrance entrance, EventStreamRoute events, LiveSettings settings)
{
    public static string IdOf(HttpContext context) => (string?)context.Request.RouteValues["taskId"] ?? "";

    /// <summary><c>GET /api/tasks/{id}</c>.</summary>
    public Task FindAsync(HttpContext context) => AnswerAsync(context, async id =>
    {
        if (!tidings.TaskAccess.IsShown(context.Request) && await AdmitAsync(context, id) is null)
        {
            return null;
        }

        return await tidings.Node.Tasks.Registry.FindAsync(id, context.RequestAborted) is { } record
            ? new StateResult(record.State, StatusCodes.Status200OK, tidings.TaskAccess.Admits(context.Request) ? record.Data : default)
            : TaskProblems.NotFound;
    });

    /// <summary><c>DELETE /api/tasks/{id}</c>.</summary>
    public Task CancelAsync(HttpContext context) => AnswerAsync(context, async id =>
    {
        if (tidings.TaskAccess.Refuse(context.Request, out _) is null)
        {
            return TaskProblems.Of(await tidings.Node.Tasks.Cancelling.CancelAsync(id, CancellationToken.None));
        }

        if (await AdmitAsync(context, id) is not { } arrival)
        {
            return null;
        }

        var (refusal, outcome) = await tidings.Node.Tasks.Cancelling.CancelForClientAsync(id, arrival.Identity is not null, CancellationToken.None);
        return refusal == ErrorCode.NotAllowed && outcome.Verdict != TaskVerdict.NotFound
            ? arrival.Identity is null ? Problems.Unauthorized("This task may not be cancelled without a user or a key.") : Problems.Create(ErrorCode.NotAllowed, "This task may not be cancelled.")
            : TaskProblems.Of(outcome);
    });

    /// <summary><c>GET /api/tasks/{id}/events</c>.</summary>
    public async Task ServeEventsAsync(HttpContext context)
    {
        if (ReadRequest.IsFinal(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var id = IdOf(context);
        var handler = tidings.Node.Tasks.Handler;
        if (!TaskId.IsValid(id))
        {
            await HttpEntrance.AnswerAsync(context, TaskProblems.InvalidId);
            return;
        }

        if (await entrance.EnterAsync(context, settings.Current, counted: true, stream: true, handler) is not { } visit)
        {
            return;
        }

        try
        {
            if (await handler.JudgeAsync(TaskHandler.PeerOf(visit.Connection), visit.Connection.Identity, id) is { } refusal)
            {
                var who = visit.Connection.Identity;
                visit.Connection.Abandon();
                await entrance.NoteAndRefuseAsync(context, refusal, handler.WhyNot(who, id));
                return;
            }

            if (!await handler.TryWatchAsync(visit.Connection, id))
            {
                visit.Connection.Abandon();
                await HttpEntrance.AnswerAsync(context, TaskProblems.NotFound);
                return;
            }
        }
        catch (BrokerUnavailableException)
        {
            visit.Connection.Abandon();
            await HttpEntrance.RefuseAsync(context, DisconnectCode.Unavailable);
            return;
        }
        catch
        {
            visit.Connection.Abandon();
            throw;
        }

        await events.RunAsync(context, visit, position: null);
    }

    /// <summary>Lets a holder of a key in, and who may watch the task.</summary>
    /// <returns>False where the request was answered.</returns>
    public async ValueTask<bool> TryAdmitAsync(HttpContext context, string id)
    {
        if (!TaskId.IsValid(id))
        {
            await HttpEntrance.AnswerAsync(context, TaskProblems.InvalidId);
            return false;
        }

        return tidings.TaskAccess.IsShown(context.Request) || await AdmitAsync(context, id) is not null;
    }

    // Null from the route: the request was answered.
    private static async Task AnswerAsync(HttpContext context, Func<string, Task<IResult?>> route)
    {
        context.Response.Headers.CacheControl = "no-store";
        IResult? result;
        try
        {
            result = IdOf(context) is var id && TaskId.IsValid(id) ? await route(id) : TaskProblems.InvalidId;
        }
        catch (BrokerUnavailableException error)
        {
            result = Problems.Unavailable(error.Message);
        }

        await (result?.ExecuteAsync(context) ?? Task.CompletedTask);
    }

    // As who connects and watches; null where the request was answered.
    private async Task<Arrival?> AdmitAsync(HttpContext context, string id)
    {
        if (await entrance.AdmitAsync(context) is not { } arrival)
        {
            return null;
        }

        var who = arrival.Identity;
        var peer = new ChannelPeer("", who?.User) { Principal = who?.Principal };
        if (await tidings.Node.Tasks.Handler.JudgeAsync(peer, who, id) is { } refusal)
        {
            await entrance.NoteAndRefuseAsync(context, refusal, tidings.Node.Tasks.Handler.WhyNot(who, id));
            return null;
        }

        return arrival;
    }
}
