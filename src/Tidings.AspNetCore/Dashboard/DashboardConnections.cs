using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tidings.AspNetCore.Api;
using Tidings.AspNetCore.Responses;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Protocol;
using Tidings.Reports;

namespace Tidings.AspNetCore.Dashboard;

/// <summary>The connections of this node: listed, and ended one by one.</summary>
internal sealed class DashboardConnections(Edge tidings)
{
    private const int DefaultPerPage = 50;
    private const int MostSkipped = 10_000;
    private const int LongestSearch = 255;
    private const int LargestBody = 4096;

    /// <summary><c>GET /dashboard/data/connections?search&amp;sort&amp;order&amp;skip&amp;limit</c>: the newest first, where no column is named, and how many there are of each protocol.</summary>
    public async Task<IResult> ListAsync(HttpContext context)
    {
        var query = new ApiQuery(context.Request.Query);
        var (search, limit, skip) = (query.Text("search") ?? "", query.Number("limit") ?? DefaultPerPage, query.Number("skip") ?? 0);
        var (sort, direction) = (query.Text("sort"), query.Text("order") ?? ConnectionOrder.Ascending);
        var order = sort is null ? ConnectionOrder.NewestFirst : ConnectionOrder.By(sort, direction);
        if ((query.Fault
            ?? (order is null ? ConnectionOrder.Rule : null)
            ?? (skip is < 0 or > MostSkipped ? $"skip is a number from 0 to {MostSkipped}." : null)
            ?? (search.Length > LongestSearch ? $"search has at most {LongestSearch} characters." : ApiChecks.Limit("limit", limit, DashboardData.MostPerPage))) is { } fault)
        {
            return Problems.BadRequest(fault);
        }

        // Each lane gives no more than could be shown, and one that says whether there are more.
        var lanes = await tidings.Node.Registry.ListAsync<LaneConnections>(connections => [LaneConnections.Of(connections, search, order!, skip + limit + 1)], context.RequestAborted);
        var rows = lanes.SelectMany(static lane => lane.Rows).Order(order).Skip(skip).Take(limit + 1).ToList();
        var now = tidings.Node.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var answer = new ConnectionsView(
            [.. rows.Take(limit).Select(row => new ConnectionView(
                row.Number.ToString(CultureInfo.InvariantCulture), row.Id, row.Name, row.User, row.Purpose, row.Protocol, NameOf(row.Transport), row.Address, now - row.Age, row.QueuedBytes, row.Subscriptions))],
            new SortedDictionary<string, int>(
                lanes.SelectMany(static lane => lane.Protocols).GroupBy(static entry => entry.Key).ToDictionary(static group => group.Key, static group => group.Sum(static entry => entry.Value)), StringComparer.Ordinal),
            rows.Count > limit && skip + limit <= MostSkipped ? skip + limit : null);
        return DashboardData.Answer(context, answer, DashboardJson.Default.ConnectionsView);
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
        return DashboardData.Answer(context, new Disconnected(ended ? 1 : 0), DashboardJson.Default.Disconnected);
    }

    private static string NameOf(TransportKind transport) => transport switch
    {
        TransportKind.ServerSentEvents => "sse",
        TransportKind.Polling => "poll",
        _ => "websocket",
    };

    /// <summary>What one lane has of those that are looked for.</summary>
    /// <param name="Rows">The first of them.</param>
    /// <param name="Protocols">How many speak each protocol, of all of them.</param>
    private sealed record LaneConnections(List<ConnectionRow> Rows, Dictionary<string, int> Protocols)
    {
        public static LaneConnections Of(List<Connection> connections, string search, ConnectionOrder order, int most)
        {
            // What is sorted by its number is not made before it is known to be shown.
            var rows = new List<ConnectionRow>();
            var protocols = new Dictionary<string, int>();
            var isByNumber = ReferenceEquals(order, ConnectionOrder.NewestFirst);
            foreach (var connection in isByNumber ? connections.OrderByDescending(static connection => connection.Id) : connections.AsEnumerable())
            {
                var isShown = !isByNumber || rows.Count < most;
                var row = isShown || search.Length > 0 ? ConnectionRow.From(connection) : null;
                if (search.Length > 0 && !row!.Matches(search))
                {
                    continue;
                }

                protocols[connection.ProtocolName] = protocols.GetValueOrDefault(connection.ProtocolName) + 1;
                if (isShown)
                {
                    rows.Add(row!);
                }
            }

            return new LaneConnections(isByNumber ? rows : [.. rows.Order(order).Take(most)], protocols);
        }
    }
}

/// <param name="Connections">In the order that was asked for.</param>
/// <param name="Protocols">How many connections speak each protocol, of all that are looked for.</param>
/// <param name="Next">The <c>skip</c> of the next page; absent on the last.</param>
internal sealed record ConnectionsView(IReadOnlyList<ConnectionView> Connections, SortedDictionary<string, int> Protocols, int? Next);

internal sealed record ConnectionView(
    string Number, string? Id, string Name, string? User, string? Purpose, string Protocol, string Transport, string Address, long Since, int QueuedBytes, int Subscriptions);

internal sealed record DisconnectOrder(string? Number, int Code = 4010, string? Reason = "Disconnected by server");

internal sealed record Disconnected(int Connections);
