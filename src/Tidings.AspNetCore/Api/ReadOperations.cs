using System.ComponentModel;
using Tidings.Actions;
using Tidings.Brokers;
using Tidings.Dialects;
using Tidings.Pressure;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>Operations that look into channels: presence, history.</summary>
internal static class ReadOperations
{
    private const int MostMembers = 10_000;
    private const int DefaultMembers = 1000;
    private const int MostMessages = 10_000;
    private const int DefaultMessages = 100;

    private static ValueTask<ApiOutcome> Overloaded => ValueTask.FromResult(ApiOutcome.Refused(ErrorCode.Unavailable, "The server is overloaded."));

    public static IEnumerable<ApiOperation> All(ServerActions actions, LoadShedder shedder) =>
    [
        new ApiOperation<PresenceQuery>(
            "presence", "Who listens to a channel.", ApiJson.Default.PresenceQuery, typeof(PresenceAnswer),
            (request, cancellationToken) => shedder.TryShed() ? Overloaded : PresenceAsync(actions, request, cancellationToken))
        {
            Query = ((Delegate)DescribePresence).Method,
            FromQuery = static query => new PresenceQuery(query.Text("channel"), query.Number("limit")),
        },
        new ApiOperation<HistoryQuery>(
            "history", "A part of a channel's log: what came after a position, what came just before one, or the newest messages.", ApiJson.Default.HistoryQuery, typeof(HistoryAnswer),
            (request, cancellationToken) => shedder.TryShed() ? Overloaded : HistoryAsync(actions, request, cancellationToken))
        {
            Query = ((Delegate)DescribeHistory).Method,
            FromQuery = static query => new HistoryQuery(query.Text("channel"), query.Position("since", query.Text("channel")), query.Number("last"), query.Number("limit"), query.Position("before", query.Text("channel"))),
        },
        new ApiOperation<EraseQuery>(
            "erase", "Erases one message of a channel's log, or all of it.", ApiJson.Default.EraseQuery, typeof(EraseAnswer),
            (request, cancellationToken) => EraseAsync(actions, request, cancellationToken))
        {
            Route = "history",
            Erases = true,
            Query = ((Delegate)DescribeErase).Method,
            FromQuery = static query => new EraseQuery(query.Text("channel"), query.Text("epoch"), query.Offset("offset")),
        },
    ];

    private static async ValueTask<ApiOutcome> EraseAsync(ServerActions actions, EraseQuery request, CancellationToken cancellationToken)
    {
        StreamPosition? position = request is { Epoch: not null, Offset: { } offset } ? new StreamPosition(request.Epoch, offset) : null;
        var fault = ApiChecks.Channel(request.Channel)
            ?? (request.Epoch is null == request.Offset is null ? ApiChecks.Position("offset", position) : "epoch and offset must stand together: without them the whole log is erased.");
        return fault is null
            ? ApiOutcome.Of("erased", await actions.EraseAsync(request.Channel!, position, cancellationToken))
            : ApiOutcome.Bad(fault);
    }

    private static async ValueTask<ApiOutcome> PresenceAsync(ServerActions actions, PresenceQuery request, CancellationToken cancellationToken)
    {
        if ((ApiChecks.Channel(request.Channel) ?? ApiChecks.Limit("limit", request.Limit, MostMembers, least: 0)) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var list = await actions.PresenceAsync(request.Channel!, request.Limit ?? DefaultMembers, cancellationToken);
        var frame = JsonFrame.Begin();
        PresenceJson.WriteMembers(frame.Writer, list);
        return ApiOutcome.Of(frame);
    }

    private static async ValueTask<ApiOutcome> HistoryAsync(ServerActions actions, HistoryQuery request, CancellationToken cancellationToken)
    {
        var fault = ApiChecks.Channel(request.Channel)
            ?? ApiChecks.Limit("limit", request.Limit, MostMessages, least: 0)
            ?? ApiChecks.Limit("last", request.Last, MostMessages, least: 0)
            ?? (request is { Since: not null, Last: not null } ? "since must not stand beside last." : null)
            ?? (request is { Before: not null, Since: not null } or { Before: not null, Last: not null } ? "before must not stand beside since or last." : null)
            ?? ApiChecks.Position("since", request.Since)
            ?? ApiChecks.Position("before", request.Before);
        if (fault is not null)
        {
            return ApiOutcome.Bad(fault);
        }

        var limit = Math.Min(request.Last ?? int.MaxValue, request.Limit ?? (request.Last is null ? DefaultMessages : MostMessages));
        var wanted = request.Before is { } before ? HistoryRequest.Backwards(before, limit) : new HistoryRequest(request.Since, limit, limit);
        var part = await actions.HistoryAsync(request.Channel!, wanted, cancellationToken);
        var frame = JsonFrame.Begin();
        HistoryJson.WriteFields(frame, wanted, part);
        return ApiOutcome.Of(frame);
    }

    // For the OpenAPI document alone.
    private static void DescribePresence(
        [Description("The channel.")] string channel,
        [Description("How many members to list: 0 to 10,000. 1,000 where it is left out.")] int? limit)
    {
    }

    private static void DescribeErase(
        [Description("The channel.")] string channel,
        [Description("The epoch of the message to erase. The whole log where it and offset are left out.")] string? epoch,
        [Description("The offset of the message to erase.")] long? offset)
    {
    }

    private static void DescribeHistory(
        [Description("The channel.")] string channel,
        [Description("A position in this channel, the base64url of [[channel, epoch, offset]]: the messages after it. Not together with last.")] string? since,
        [Description("The newest so many: 0 to 10,000. 0 answers the position alone.")] int? last,
        [Description("How many messages at most: 0 to 10,000. 0 answers the position alone. 100 where it and last are left out.")] int? limit,
        [Description("A position in this channel, the same: the messages just before it, in ascending order. Not together with since or last.")] string? before)
    {
    }
}
