using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.HttpTransports;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Services;
using Tidings.AspNetCore.Tasks;
using Tidings.Protocol;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Tasks: work that takes long, and whose progress is watched.</summary>
public static class TaskEndpoints
{
    private const string Json = "application/json";
    private const string TaskIdMeaning = "The task's id.";
    private static readonly string[] SocketMethods = [HttpMethods.Get, HttpMethods.Connect];
    private static readonly string[] Preflight = [HttpMethods.Options];
    private static readonly int[] WriteFaults = [400, 401, 404, 409, 413, 429, 503];
    private static readonly int[] ReadFaults = [400, 401, 403, 404, 503];

    /// <summary>Maps tasks: they are started by <c>POST</c> and <c>ITasks</c>, reported by <c>PUT</c>, cancelled by <c>DELETE</c>, read by <c>GET</c>,
    /// and watched as Server-Sent Events, at <paramref name="socket"/> as WebSocket, and as the channels <c>task:&lt;id&gt;</c> of the channel protocol.</summary>
    /// <remarks>Starting needs <c>Tidings:ApiKey</c>; reporting that or <c>Tidings:WorkerKey</c>; in the environment Development, and as long as there is
    /// no key, direct local requests need none. Who may watch is decided as for a channel's subscription: by what <c>MapChannel("task:{id}")</c> says, and by the id, which nobody can guess.</remarks>
    /// <param name="endpoints">Where to map.</param>
    /// <param name="pattern">The route of the HTTP API.</param>
    /// <param name="socket">The route of WebSockets, with the value <c>taskId</c>.</param>
    public static TasksBuilder MapTasks(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/api/tasks", [StringSyntax("Route")] string socket = "/ws/tasks/{taskId}")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var tidings = endpoints.ServiceProvider.GetTidings();
        var settings = tidings.TextRoute(binary: false).With(static settings => settings with { TextHeartbeat = false });
        var entrance = new HttpEntrance(tidings, new ConnectRoute(tidings, tidings.Node.Channels));
        var writing = new TaskWriteRoutes(tidings);
        var reading = new TaskReadRoutes(tidings, entrance, new EventStreamRoute(entrance, tidings.Node.Registry.Metrics, settings), settings);
        var group = endpoints.MapGroup(pattern);
        RouteDescription.Add(
            group.MapMethods("", [HttpMethods.Post], context => TaskWriteRoutes.AnswerAsync(context, writing.StartAsync)), "task_start", "Starts a task.",
            ((Delegate)DescribeStart).Method, typeof(TaskAnswer), Json, WriteFaults, StatusCodes.Status201Created);
        RouteDescription.Add(
            group.MapMethods("/{taskId}", [HttpMethods.Put], context => TaskWriteRoutes.AnswerAsync(context, writing.ReportAsync)), "task_report",
            "Reports a task's progress or its end; an empty object is a sign of life.", ((Delegate)DescribeReport).Method, typeof(TaskAnswer), Json, WriteFaults);
        RouteDescription.Add(
            group.MapMethods("/{taskId}", [HttpMethods.Delete], tidings.CrossOrigin.Serve(reading.CancelAsync)), "task_cancel", "Cancels a task.",
            ((Delegate)DescribeTask).Method, typeof(TaskAnswer), Json, WriteFaults);
        RouteDescription.Add(
            group.MapMethods("/{taskId}", [HttpMethods.Get], tidings.CrossOrigin.Serve(reading.FindAsync)), "task", "A task's state; with a key, what it was given too.",
            ((Delegate)DescribeTask).Method, typeof(TaskAnswer), Json, ReadFaults);
        RouteDescription.Add(
            group.MapMethods("/{taskId}/events", [HttpMethods.Get], tidings.CrossOrigin.Serve(reading.ServeEventsAsync)), "task_events", "A task's state and each change as Server-Sent Events, until it has ended.",
            ((Delegate)DescribeTask).Method, typeof(string), "text/event-stream", ReadFaults);
        var outputs = new TaskOutputRoutes(tidings, entrance, new EventStreamRoute(entrance, tidings.Node.Registry.Metrics, settings), settings, reading);
        var writes = group.MapMethods("/{taskId}/output", [HttpMethods.Post], context => TaskWriteRoutes.AnswerAsync(context, outputs.AppendAsync)).WithMetadata(TakesAnyBody.Instance);
        RouteDescription.Add(
            writes, "task_output_append", "Appends a chunk to a task's output: the body. A repeat at the same offset is answered with the end.",
            ((Delegate)DescribeAppend).Method, typeof(OutputAnswer), Json, WriteFaults);
        RouteDescription.Add(
            group.MapMethods("/{taskId}/output", [HttpMethods.Get], tidings.CrossOrigin.Serve(outputs.ServeAsync)), "task_output",
            "A task's output so far; with Accept: text/event-stream also what follows, until the task has ended.",
            ((Delegate)DescribeRead).Method, typeof(string), "text/plain", ReadFaults);
        group.MapMethods("/{taskId}/output", Preflight, tidings.CrossOrigin.AnswerPreflightAsync);
        group.MapMethods("/{taskId}", Preflight, tidings.CrossOrigin.AnswerPreflightAsync);
        group.MapMethods("/{taskId}/events", Preflight, tidings.CrossOrigin.AnswerPreflightAsync);
        MapSocket(endpoints, socket, tidings);
        return new TasksBuilder(group, tidings);
    }

    private static void MapSocket(IEndpointRouteBuilder endpoints, string pattern, Edge tidings)
    {
        var handler = tidings.Node.Tasks.Handler;
        var route = new WebSocketRoute(tidings.TextRoute(binary: false), handler)
        {
            Check = static context => TaskId.IsValid(TaskReadRoutes.IdOf(context)) ? TaskOutputRoutes.WatchFault(context) : $"A task's id is {TaskId.Rule}.",
            Join = context =>
            {
                var id = TaskReadRoutes.IdOf(context);
                var outputFrom = TaskOutputRoutes.WatchedFrom(context);
                return connection => handler.JoinAsync(connection, id, outputFrom);
            },
        };
        endpoints.MapMethods(pattern, SocketMethods, context => tidings.Entrance.EnterAsync(context, route));
    }

    // For the OpenAPI document alone.
    private static void DescribeStart(TaskStartRequest body)
    {
    }

    private static void DescribeReport([Description(TaskIdMeaning)] string taskId, TaskReportRequest body)
    {
    }

    private static void DescribeAppend([Description(TaskIdMeaning)] string taskId, [Description("How many bytes the output has before this chunk; left out, the chunk comes at the end.")] long? offset)
    {
    }

    private static void DescribeRead([Description(TaskIdMeaning)] string taskId, [Description("The first byte, counted from 0.")] long? offset)
    {
    }

    private static void DescribeTask([Description(TaskIdMeaning)] string taskId)
    {
    }
}
