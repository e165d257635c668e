using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Brokers;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Reports;

namespace Tidings.Server.Dashboard;

/// <summary>What the dashboard's page asks for, and the server API does not have.</summary>
internal sealed class DashboardData(Edge tidings)
{
    public const int MostPerPage = 200;

    private const int DefaultPerPage = 50;
    private const int LongestSearch = 255;
    private const int LargestBody = 4096;

    /// <summary><c>GET /dashboard/data/connections?search&amp;before&amp;limit</c>: of this node, the newest first.</summary>
    public async Task<IResult> ConnectionsAsync(HttpContext context)
    {
        var query = new ApiQuery(context.Request.Query);
        var search = query.Text("search") ?? "";
        var limit = query.Number("limit") ?? DefaultPerPage;
        var before = long.MaxValue;
        if (query.Text("before") is { } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            return Problems.BadRequest("before must be the number of a connection.");
        }

        if ((query.Fault ?? (search.Length > LongestSearch ? $"search has at most {LongestSearch} characters." : ApiChecks.Limit("limit", limit, MostPerPage))) is { } fault)
        {
            return Problems.BadRequest(fault);
        }

        // Each lane gives no more than could be shown, and one that says whether there are more.
        List<ConnectionRow> Select(List<Connection> connections) =>
        [
            .. connections.Where(connection => connection.Id < before).OrderByDescending(static connection => connection.Id)
                .Select(ConnectionRow.From).Where(row => search.Length == 0 || row.Matches(search)).Take(limit + 1),
        ];

        var rows = await tidings.Node.Registry.ListAsync(Select, context.RequestAborted);
        var page = rows.OrderByDescending(static row => row.Number).Take(limit).ToList();
        var now = tidings.Node.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var answer = new ConnectionsView(
            [.. page.Select(row => new ConnectionView(
                row.Number.ToString(CultureInfo.InvariantCulture), row.Id, row.User, row.Purpose, NameOf(row.Transport), row.Address, now - row.Age, row.QueuedBytes, row.Subscriptions))],
            rows.Count > limit ? page[^1].Number.ToString(CultureInfo.InvariantCulture) : null);
        return Answer(context, answer, DashboardJson.Default.ConnectionsView);
    }

    /// <summary><c>POST /dashboard/data/disconnect</c> with <c>number</c>, <c>code</c>, <c>reason</c>.</summary>
    public async Task<IResult> DisconnectAsync(HttpContext context)
    {
        if (tidings.ApiAccess.Refuse(context.Request, out _) is { } refusal)
        {
            return refusal;
        }

        var body = await ApiBody.ReadAsync(context, LargestBody);
        if (body.Refusal is { } unread)
        {
            return unread;
        }

        var (request, fault) = ApiFaults.Read(body.Bytes, DashboardJson.Default.DisconnectOrder);
        if (request is null || !long.TryParse(request.Number, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return Problems.BadRequest(fault ?? "number must be that of a connection.");
        }

        if (!CloseCodes.Of(request.Code).MayBeChosen || Encoding.UTF8.GetByteCount(request.Reason ?? "") > DisconnectCode.LongestReason)
        {
            return Problems.BadRequest($"code must be {CloseCodes.Choice}; reason has at most {DisconnectCode.LongestReason} bytes.");
        }

        var ended = await tidings.Node.Registry.EndOneAsync(number, new DisconnectCode((ushort)request.Code, request.Reason ?? ""));
        return Answer(context, new Disconnected(ended ? 1 : 0), DashboardJson.Default.Disconnected);
    }

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

    /// <summary><c>GET /dashboard/data/refusals</c>: of this node, the newest first.</summary>
    public IResult Refusals(HttpContext context) => Answer(
        context,
        new RefusalsView([.. tidings.Node.Registry.Refusals.List().Select(static refusal => new RefusalView(refusal.Time, refusal.Reason, refusal.Address.ToString()))]),
        DashboardJson.Default.RefusalsView);

    private static IResult Answer<T>(HttpContext context, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(value, type);
    }

    private static string NameOf(TransportKind transport) => transport switch
    {
        TransportKind.ServerSentEvents => "sse",
        TransportKind.Polling => "poll",
        _ => "websocket",
    };
}

internal sealed record ConnectionsView(IReadOnlyList<ConnectionView> Connections, string? Next);

internal sealed record ConnectionView(
    string Number, string? Id, string? User, string? Purpose, string Transport, string Address, long Since, int QueuedBytes, int Subscriptions);

internal sealed record DisconnectOrder(string? Number, int Code = 4010, string? Reason = "Disconnected by server");

internal sealed record Disconnected(int Connections);

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
