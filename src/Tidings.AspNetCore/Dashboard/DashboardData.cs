using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.AspNetCore.Tasks;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>What the dashboard's page asks for, and the server API does not have.</summary>
internal sealed class DashboardData(Edge tidings)
{
    public const int MostPerPage = 200;

    /// <summary><c>GET /dashboard/data/tasks</c>: of all nodes that share their store, those first that are worked on.</summary>
    public async Task<IResult> TasksAsync(HttpContext context)
    {
        try
        {
            var tasks = await tidings.Node.Tasks.Registry.ListAsync(MostPerPage + 1, context.RequestAborted);
            return Answer(
                context,
                new TasksView(
                    [.. tasks.Take(MostPerPage).Select(static task => new TaskView(
                        task.Id, task.State.Name, task.State.Status.ToWire(), task.State.Progress, task.State.Message, task.State.Error, !task.State.IsFinal))],
                    tasks.Count > MostPerPage),
                DashboardJson.Default.TasksView);
        }
        catch (BrokerUnavailableException error)
        {
            return Problems.Unavailable(error.Message);
        }
    }

    /// <summary><c>DELETE /dashboard/api/tasks/{id}</c>: cancels a task, whatever it allows those who watch it.</summary>
    public async Task<IResult> CancelAsync(HttpContext context)
    {
        if (tidings.ApiAccess.Refuse(context.Request, out _) is { } refusal)
        {
            return refusal;
        }

        var id = TaskReadRoutes.IdOf(context);
        if (!TaskId.IsValid(id))
        {
            return TaskProblems.InvalidId;
        }

        try
        {
            return TaskProblems.Of(await tidings.Node.Tasks.Cancelling.CancelAsync(id, CancellationToken.None));
        }
        catch (BrokerUnavailableException error)
        {
            return Problems.Unavailable(error.Message);
        }
    }

    /// <summary><c>GET /dashboard/data/refusals</c>: of this node, the newest first.</summary>
    public IResult Refusals(HttpContext context) => Answer(
        context,
        new RefusalsView([.. tidings.Node.Registry.Refusals.List().Select(static refusal => new RefusalView(refusal.Time, refusal.Reason, refusal.Address.ToString()))]),
        DashboardJson.Default.RefusalsView);

    /// <summary>An answer that nobody keeps.</summary>
    public static IResult Answer<T>(HttpContext context, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(value, type);
    }
}

/// <param name="User">Who has signed in; absent for a holder of the admin key.</param>
/// <param name="MayAct">Whether more than looking is allowed.</param>
internal sealed record SessionView(string? User, bool MayAct);

internal sealed record TasksView(IReadOnlyList<TaskView> Tasks, bool More);

internal sealed record TaskView(string Id, string Name, string Status, double Progress, string? Message, string? Error, bool Cancellable);

internal sealed record RefusalsView(IReadOnlyList<RefusalView> Refusals);

internal sealed record RefusalView(long Time, string Reason, string Address);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConnectionsView))]
[JsonSerializable(typeof(DisconnectOrder))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(Disconnected))]
[JsonSerializable(typeof(TasksView))]
[JsonSerializable(typeof(RefusalsView))]
internal sealed partial class DashboardJson : JsonSerializerContext;
