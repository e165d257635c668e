using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Responses;
using Tidings.Protocol;
using Tidings.Tasks;

namespace Tidings.AspNetCore.Tasks;

/// <summary>Answers about tasks.</summary>
internal static class TaskProblems
{
    private const string Absent = "Task not found";

    // What is absent has the code of what is not permitted; in HTTP it has a status of its own, and the words of the tutorials.
    public static IResult NotFound => TypedResults.Problem(
        Absent, statusCode: StatusCodes.Status404NotFound, extensions: [new("code", ErrorCode.NotAllowed.ToWire()), new("error", Absent)]);

    public static IResult InvalidId => Problems.BadRequest($"A task's id is {TaskId.Rule}.");

    /// <summary>The state after a report, or why it was not taken.</summary>
    public static IResult Of(TaskOutcome outcome) => outcome switch
    {
        { Verdict: TaskVerdict.NotFound } => NotFound,
        { Verdict: TaskVerdict.Conflict, State: { } state } => TypedResults.Problem(
            TaskCommand.Explain(ErrorCode.Conflict, outcome), statusCode: StatusCodes.Status409Conflict,
            extensions: [new("code", ErrorCode.Conflict.ToWire()), new("status_of_task", state.Status.ToWire())]),
        _ => new StateResult(outcome.State!, StatusCodes.Status200OK),
    };
}

/// <summary>A task's state as an answer.</summary>
internal sealed class StateResult(TaskState state, int status, ReadOnlyMemory<byte> data = default) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var json = TaskStateJson.Write(state, data);
        var response = httpContext.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        await response.Body.WriteAsync(json, httpContext.RequestAborted);
    }
}
