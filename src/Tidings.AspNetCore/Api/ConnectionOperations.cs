using System.Text;
using Tidings.Protocol;
using Tidings.Push;

namespace Tidings.AspNetCore.Api;

/// <summary>Operations on connections: subscribe, unsubscribe, disconnect.</summary>
internal static class ConnectionOperations
{
    public static IEnumerable<ApiOperation> All(ServerActions actions) =>
    [
        new ApiOperation<MembershipRequest>(
            "subscribe", "Subscribes a user's connections, or one, and tells them; says how many were not subscribed before.",
            ApiJson.Default.MembershipRequest, typeof(ConnectionsAnswer), (request, _) => SubscribeAsync(actions, request)),
        new ApiOperation<MembershipRequest>(
            "unsubscribe", "Ends subscriptions of a user's connections, or of one, and tells them.",
            ApiJson.Default.MembershipRequest, typeof(ConnectionsAnswer), (request, _) => UnsubscribeAsync(actions, request)),
        new ApiOperation<DisconnectRequest>(
            "disconnect", "Closes a user's connections, or one.",
            ApiJson.Default.DisconnectRequest, typeof(ConnectionsAnswer), (request, _) => ValueTask.FromResult(Disconnect(actions, request))),
    ];

    private static async ValueTask<ApiOutcome> SubscribeAsync(ServerActions actions, MembershipRequest request) =>
        (ApiChecks.Target(actions, request.User, request.Connection, out var connections) ?? ApiChecks.Channel(request.Channel)) is { } fault
            ? ApiOutcome.Bad(fault)
            : ApiOutcome.Of("connections", await actions.SubscribeAsync(connections, request.Channel!));

    private static async ValueTask<ApiOutcome> UnsubscribeAsync(ServerActions actions, MembershipRequest request) =>
        (ApiChecks.Target(actions, request.User, request.Connection, out var connections) ?? ApiChecks.Channel(request.Channel)) is { } fault
            ? ApiOutcome.Bad(fault)
            : ApiOutcome.Of("connections", await actions.UnsubscribeAsync(connections, request.Channel!));

    private static ApiOutcome Disconnect(ServerActions actions, DisconnectRequest request)
    {
        // Never carried out in part: who asks for a revocation must not believe that there was one.
        if (request.TokenId is not null || request.Revoke)
        {
            return ApiOutcome.Bad("tokenId and revoke need tokens, which this server does not check.");
        }

        if (ApiChecks.Target(actions, request.User, request.Connection, out var connections) is { } fault)
        {
            return ApiOutcome.Bad(fault);
        }

        var code = request.Code ?? DisconnectCode.DisconnectedByServer.Code;
        if (code is not (1000 or 1001 or 1008 or (>= 1011 and <= 1013) or (>= 4000 and <= 4999)))
        {
            return ApiOutcome.Bad("code must be 1000, 1001, 1008, 1011 to 1013, or 4000 to 4999.");
        }

        var reason = request.Reason ?? (code == DisconnectCode.DisconnectedByServer.Code ? DisconnectCode.DisconnectedByServer.Reason : "");
        return Encoding.UTF8.GetByteCount(reason) > DisconnectCode.LongestReason
            ? ApiOutcome.Bad($"reason must have at most {DisconnectCode.LongestReason} bytes.")
            : ApiOutcome.Of("connections", ServerActions.Disconnect(connections, new DisconnectCode((ushort)code, reason)));
    }
}
