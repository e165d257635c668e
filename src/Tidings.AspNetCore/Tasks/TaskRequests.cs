using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidings.AspNetCore.Api;
using Tidings.Messages;
using Tidings.Protocol.Commands;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Tasks;

/// <summary><c>POST /api/tasks</c>.</summary>
internal sealed record TaskStartRequest(
    [property: Description("The task's name: that of code in the server (tasks.Map), or any other for a worker elsewhere. 1 to 128 bytes.")] string? Name,
    [property: Description("What the work needs: any JSON.")] JsonElement? Data = null,
    [property: JsonPropertyName("task_id"), Description("An id of your own, refused with conflict where it is taken. One is made where it is left out.")] string? TaskId = null,
    [property: JsonPropertyName("allow_cancel"), Description("Let clients that watch the task cancel it.")] bool AllowCancel = false);

/// <summary><c>PUT /api/tasks/{id}</c>: what a worker says; nothing is a sign of life.</summary>
internal sealed record TaskReportRequest(
    [property: Description("running, completed, failed or cancelled; running where it is left out.")] string? Status = null,
    [property: Description("0 to 100; it never goes back.")] double? Progress = null,
    [property: Description("What is being done, at most 4,096 bytes.")] string? Message = null,
    [property: Description("With completed: any JSON.")] JsonElement? Result = null,
    [property: Description("With failed: why, for those who watch. At most 4,096 bytes.")] string? Error = null,
    [property: Description("Lines for the channel task:<id>:log: at most 100, each of at most 1,024 bytes.")] IReadOnlyList<string>? Log = null);

/// <summary>What the answers look like, for the OpenAPI document.</summary>
internal sealed record TaskAnswer(
    [property: JsonPropertyName("task_id"), Description("The task's id.")] string TaskId,
    [property: Description("Its name.")] string Name,
    [property: Description("pending, running, completed, failed or cancelled.")] string Status,
    [property: Description("0 to 100.")] double Progress,
    [property: Description("What was reported last.")] string? Message = null,
    [property: Description("What a completed task gave.")] JsonElement? Result = null,
    [property: Description("Why a task failed or was cancelled.")] string? Error = null,
    [property: Description("What the task was started with; only for those who show a key.")] JsonElement? Data = null);

/// <summary>The answer to a chunk, for the OpenAPI document.</summary>
internal sealed record OutputAnswer([property: Description("How many bytes the output has now.")] long Offset);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, AllowDuplicateProperties = false, MaxDepth = JsonPayload.MaxDepth, NumberHandling = JsonNumberHandling.Strict,
    PropertyNameCaseInsensitive = false, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(TaskStartRequest))]
[JsonSerializable(typeof(TaskReportRequest))]
internal sealed partial class TaskJson : JsonSerializerContext;

/// <summary>Reads the bodies of requests about tasks.</summary>
internal static class TaskRequests
{
    /// <returns>The order, or what is wrong.</returns>
    public static (TaskOrder? Order, string? Fault) ReadStart(ReadOnlyMemory<byte> body, TaskStarting starting)
    {
        var (request, fault) = ApiFaults.Read(body, TaskJson.Default.TaskStartRequest);
        if (request is null)
        {
            return (null, fault);
        }

        if (request.Name is null)
        {
            return (null, "name is missing.");
        }

        var order = new TaskOrder(request.Name, BytesOf(request.Data), request.TaskId, request.AllowCancel ? ChannelAccess.Anyone : null);
        return starting.Fault(order) is { } wrong ? (null, $"{wrong.Field}: {wrong.Message}") : (order, null);
    }

    /// <returns>The report, which is sound; or what is wrong.</returns>
    public static (TaskReport? Report, string? Fault) ReadReport(ReadOnlyMemory<byte> body, int mostPayloadBytes)
    {
        var (request, fault) = ApiFaults.Read(body, TaskJson.Default.TaskReportRequest);
        if (request is null)
        {
            return (null, fault);
        }

        if (request.Status is not null && WorkStatuses.FromWire(request.Status) is null)
        {
            return (null, "status: This is \"running\", \"completed\", \"failed\" or \"cancelled\".");
        }

        if (request.Log?.Contains(null!) == true)
        {
            return (null, "log: This has lines of text.");
        }

        var report = new TaskReport
        {
            Status = WorkStatuses.FromWire(request.Status),
            Progress = request.Progress,
            Message = request.Message,
            Result = BytesOf(request.Result),
            Error = request.Error,
            Log = request.Log ?? [],
        };
        return TaskRules.Fault(report, mostPayloadBytes) is { } wrong ? (null, $"{wrong.Field}: {wrong.Message}") : (report, null);
    }

    // JSON's null is a value like any other where something is given, but no result is none.
    private static byte[] BytesOf(JsonElement? json) =>
        json is { ValueKind: not JsonValueKind.Undefined } value ? CommandReader.WithoutLineBreaks(JsonMarshal.GetRawUtf8Value(value)) : [];
}
