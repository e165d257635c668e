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
    private const int LongestSearch = 255;
    private const int LargestBody = 4096;

    /// <summary><c>GET /dashboard/data/connections?search&amp;before&amp;limit</c>: the newest first, and how many there are of each protocol.</summary>
    public async Task<IResult> ListAsync(HttpContext context)
    {
        var query = new ApiQuery(context.Request.Query);
        var search = query.Text("search") ?? "";
        var limit = query.Number("limit") ?? DefaultPerPage;
        var before = long.MaxValue;
        if (query.Text("before") is { } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            return Problems.BadRequest("before must be the number of a connection.");
        }

        if ((query.Fault ?? (search.Length > LongestSearch ? $"search has at most {LongestSearch} characters." : ApiChecks.Limit("limit", limit, DashboardData.MostPerPage))) is { } fault)
        {
            return Problems.BadRequest(fault);
        }

        // Each lane gives no more than could be shown, and one that says whether there are more.
        var lanes = await tidings.Node.Registry.ListAsync<LaneConnections>(connections => [LaneConnections.Of(connections, search, before, limit + 1)], context.RequestAborted);
        var rows = lanes.SelectMany(static lane => lane.Rows).OrderByDescending(static row => row.Number).ToList();
        var now = tidings.Node.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var answer = new ConnectionsView(
            [.. rows.Take(limit).Select(row => new ConnectionView(
                row.Number.ToString(CultureInfo.InvariantCulture), row.Id, row.User, row.Purpose, row.Protocol, NameOf(row.Transport), row.Address, now - row.Age, row.QueuedBytes, row.Subscriptions))],
            new SortedDictionary<string, int>(
                lanes.SelectMany(static lane => lane.Protocols).GroupBy(static entry => entry.Key).ToDictionary(static group => group.Key, static group => group.Sum(static entry => entry.Value)), StringComparer.Ordinal),
            rows.Count > limit ? rows[limit - 1].Number.ToString(CultureInfo.InvariantCulture) : null);
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
    /// <param name="Rows">The newest of them.</param>
    /// <param name="Protocols">How many speak each protocol, of all of them.</param>
    private sealed record LaneConnections(List<ConnectionRow> Rows, Dictionary<string, int> Protocols)
    {
        public static LaneConnections Of(List<Connection> connections, string search, long before, int most)
        {
            var found = new LaneConnections([], []);
            foreach (var connection in connections.OrderByDescending(static connection => connection.Id))
            {
                var isShown = connection.Id < before && found.Rows.Count < most;
                var row = isShown || search.Length > 0 ? ConnectionRow.From(connection) : null;
                if (search.Length > 0 && !row!.Matches(search))
                {
                    continue;
                }

                found.Protocols[connection.ProtocolName] = found.Protocols.GetValueOrDefault(connection.ProtocolName) + 1;
                if (isShown)
                {
                    found.Rows.Add(row!);
                }
            }

            return found;
        }
    }
}

/// <param name="Connections">The newest first.</param>
/// <param name="Protocols">How many connections speak each protocol, of all that are looked for.</param>
/// <param name="Next">The <c>before</c> of the next page; absent on the last.</param>
internal sealed record ConnectionsView(IReadOnlyList<ConnectionView> Connections, SortedDictionary<string, int> Protocols, string? Next);

internal sealed record ConnectionView(
    string Number, string? Id, string? User, string? Purpose, string Protocol, string Transport, string Address, long Since, int QueuedBytes, int Subscriptions);

internal sealed record DisconnectOrder(string? Number, int Code = 4010, string? Reason = "Disconnected by server");

internal sealed record Disconnected(int Connections);
