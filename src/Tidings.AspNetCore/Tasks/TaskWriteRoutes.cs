using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Tasks;

/// <summary>Starting and reporting tasks over HTTP: for those who hold a key.</summary>
/// <remarks>A request that was read is carried out, whether its caller stays or not.</remarks>
internal sealed class TaskWriteRoutes(Edge tidings)
{
    // What a body has besides the one value of any size.
    private const int OtherBytes = 512 * 1024;

    private readonly int _mostPayloadBytes = (int)tidings.Node.Options.Tasks.PayloadBytes;

    /// <summary>Runs <paramref name="route"/> and answers with what it returns, or a problem.</summary>
    public static async Task AnswerAsync(HttpContext context, Func<HttpContext, Task<IResult>> route)
    {
        context.Response.Headers.CacheControl = "no-store";
        IResult result;
        try
        {
            result = await route(context);
        }
        catch (BrokerUnavailableException error)
        {
            result = Problems.Unavailable(error.Message);
        }

        await result.ExecuteAsync(context);
    }

    /// <summary><c>POST /api/tasks</c>.</summary>
    public async Task<IResult> StartAsync(HttpContext context)
    {
        if (tidings.ApiAccess.Refuse(context.Request, out _) is { } refusal)
        {
            return refusal;
        }

        var (body, tooMuch) = await ReadAsync(context);
        if (tooMuch is not null)
        {
            return tooMuch;
        }

        var (order, fault) = TaskRequests.ReadStart(body, tidings.Node.Tasks.Starting);
        if (order is null)
        {
            return Problems.BadRequest(fault!);
        }

        try
        {
            var state = await tidings.Node.Tasks.Starting.StartAsync(order, CancellationToken.None);
            context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path.Value?.TrimEnd('/')}/{Uri.EscapeDataString(state.Id)}";
            return new StateResult(state, StatusCodes.Status201Created);
        }
        catch (TaskRefusedException error)
        {
            return Problems.Create(error.Code, error.Message);
        }
    }

    /// <summary><c>PUT /api/tasks/{id}</c>.</summary>
    public async Task<IResult> ReportAsync(HttpContext context)
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

        var (body, tooMuch) = await ReadAsync(context);
        if (tooMuch is not null)
        {
            return tooMuch;
        }

        var (report, fault) = TaskRequests.ReadReport(body, _mostPayloadBytes);
        return report is null
            ? Problems.BadRequest(fault!)
            : TaskProblems.Of(await tidings.Node.Tasks.Registry.ReportAsync(id, report, CancellationToken.None));
    }

    private ValueTask<ApiBody> ReadAsync(HttpContext context) => ApiBody.ReadAsync(
        context, _mostPayloadBytes + OtherBytes, tidings.TaskAccess.IsShown(context.Request), $"data and result may have at most {_mostPayloadBytes} bytes.");
}
