using System.Text;
using Tidings.Actions;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Api;

/// <summary>Operations on connections: subscribe, unsubscribe, disconnect.</summary>
internal static class ConnectionOperations
{
    public static IEnumerable<ApiOperation> All(ServerActions actions, Disconnecting disconnecting) =>
    [
        new ApiOperation<MembershipRequest>(
            "subscribe", "Subscribes a user's connections, or one, and tells them; says how many were not subscribed before.",
            ApiJson.Default.MembershipRequest, typeof(ConnectionsAnswer), (request, cancellationToken) => SubscribeAsync(actions, request, cancellationToken)),
        new ApiOperation<MembershipRequest>(
            "unsubscribe", "Ends subscriptions of a user's connections, or of one, and tells them.",
            ApiJson.Default.MembershipRequest, typeof(ConnectionsAnswer), (request, cancellationToken) => UnsubscribeAsync(actions, request, cancellationToken)),
        new ApiOperation<DisconnectRequest>(
            "disconnect", "Closes a user's connections, those of one token, or one; with revoke, no token that they have is accepted any more.",
            ApiJson.Default.DisconnectRequest, typeof(ConnectionsAnswer), (request, _) => DisconnectAsync(disconnecting, request)),
    ];

    private static async ValueTask<ApiOutcome> SubscribeAsync(ServerActions actions, MembershipRequest request, CancellationToken cancellationToken) =>
        (ApiChecks.Target(request.User, request.Connection, out var target) ?? ApiChecks.Channel(request.Channel)) is { } fault
            ? ApiOutcome.Bad(fault)
            : ApiOutcome.Of("connections", await actions.SubscribeAsync(target.Kind, target.Name, request.Channel!, cancellationToken));

    private static async ValueTask<ApiOutcome> UnsubscribeAsync(ServerActions actions, MembershipRequest request, CancellationToken cancellationToken) =>
        (ApiChecks.Target(request.User, request.Connection, out var target) ?? ApiChecks.Channel(request.Channel)) is { } fault
            ? ApiOutcome.Bad(fault)
            : ApiOutcome.Of("connections", await actions.UnsubscribeAsync(target.Kind, target.Name, request.Channel!, cancellationToken));

    private static async ValueTask<ApiOutcome> DisconnectAsync(Disconnecting disconnecting, DisconnectRequest request)
    {
        var code = request.Code ?? DisconnectCode.DisconnectedByServer.Code;
        if (!CloseCodes.Of(code).MayBeChosen)
        {
            return ApiOutcome.Bad($"code must be {CloseCodes.Choice}.");
        }

        var reason = request.Reason ?? (code == DisconnectCode.DisconnectedByServer.Code ? DisconnectCode.DisconnectedByServer.Reason : "");
        if (Encoding.UTF8.GetByteCount(reason) > DisconnectCode.LongestReason)
        {
            return ApiOutcome.Bad($"reason must have at most {DisconnectCode.LongestReason} bytes.");
        }

        var told = new DisconnectCode((ushort)code, reason);
        int? count;
        switch (request)
        {
            case { User: { } user, Connection: null, TokenId: null }:
                count = await disconnecting.UserAsync(user, told, request.Revoke);
                break;
            case { User: null, Connection: { } connection, TokenId: null }:
                count = await disconnecting.ConnectionAsync(connection, told, request.Revoke);
                break;
            case { User: null, Connection: null, TokenId: { } tokenId }:
                count = await disconnecting.TokenAsync(tokenId, told, request.Revoke);
                break;
            default:
                return ApiOutcome.Bad("Exactly one of user, connection and tokenId is needed.");
        }

        // Never carried out in part: who asks for a revocation must not believe that there was one.
        return count is { } ended
            ? ApiOutcome.Of("connections", ended)
            : ApiOutcome.Refused(ErrorCode.Conflict, "The connection's token has no id (jti) by which it could be revoked; revoke the user.");
    }
}
