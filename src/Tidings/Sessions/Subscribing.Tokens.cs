using Tidings.Connections;
using Tidings.Dialects;
using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Security.Identities;

namespace Tidings.Sessions;

/// <content>What a subscription proves by itself.</content>
internal sealed partial class Subscribing
{
    private const string InvalidToken = "Invalid token";

    private static readonly SubscribeRefusal Unavailable = new(ErrorCode.Unavailable, "Service unavailable");

    /// <summary>Checks tokens; null where none are accepted.</summary>
    public Authenticator? Authenticator { get; init; }

    /// <summary>Ends the subscriptions of this node whose tokens were revoked.</summary>
    public static Task ReviewGrantsAsync(ConnectionRegistry registry) => registry.EachAsync(static connection =>
    {
        foreach (var membership in (connection.Tag as ChannelSession)?.All ?? [])
        {
            membership.Grant?.Start();
        }
    });

    // By a signature, or a token of its own; nothing where it has neither.
    private async ValueTask<(SubscriptionProof? Proof, SubscribeRefusal? Refusal)> ProveAsync(ChannelSession session, SubscribeRequest request)
    {
        if (session.Dialect.Prove(session.Id, session.User, request) is { } proof)
        {
            return proof.Granted is not { } proven ? (null, Refuse(session.Connection, proof.HasExpired ? TokenReason.Expired : "the signature does not hold for this channel and connection") with { HasExpired = proof.HasExpired })
                : session.Connection.Registry.Revocations.Judge(proven) switch
                {
                    RevocationVerdict.None => (proof, null),
                    RevocationVerdict.Unclear => (null, Unavailable),
                    _ => (null, Refuse(session.Connection, TokenReason.Revoked)),
                };
        }

        if (request.Token is null)
        {
            return default;
        }

        var (granted, refusal) = await IdentifyAsync(session, request).ConfigureAwait(false);
        return granted is null ? (null, refusal) : (new SubscriptionProof(granted), null);
    }

    /// <summary>What the token of a request grants. Goes on wherever the check ends: nothing is computed over a signature on a lane.</summary>
    public async ValueTask<(Identity? Granted, SubscribeRefusal Refusal)> IdentifyAsync(ChannelSession session, SubscribeRequest request)
    {
        var connection = session.Connection;
        if (Authenticator is not { } authenticator)
        {
            return (null, Refuse(connection, TokenReason.NotAccepted));
        }

        TokenJudgement judged;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            judged = await authenticator.IdentifySubscriptionAsync(request.Token!, request.Channel, session.User).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the application's own check throws, the peer gets an answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            connection.LogFailure(error);
            judged = new TokenJudgement(null, null, Later: true);
        }

        return judged.Identity is { } identity ? (identity, default)
            : judged.Later ? (null, Unavailable)
            : (null, Refuse(connection, judged.Why!) with { HasExpired = judged.HasExpired });
    }

    private static SubscribeRefusal Refuse(Connection connection, string why) =>
        new(ErrorCode.Unauthorized, InvalidToken, connection.Registry.Refusals.Add(InvalidToken, connection.Address, new FieldFault("token", why)));

    // A subscription that a token has granted goes on with a newer one, and nothing of it changes.
    private static void Renew(ChannelSession session, ChannelMembership membership, SubscriptionGrant grant, Identity newer, Command command)
    {
        grant.Renew(newer);
        session.Answer(command, new Outcome.Renewed(membership.Channel, grant.Expires));
    }
}
