using Tidings.Protocol;
using Tidings.Protocol.Commands;
using Tidings.Security.Identities;

namespace Tidings.Connections;

/// <summary>How an auth message ended.</summary>
internal enum AuthOutcome : byte
{
    /// <summary>The connection is that user's now.</summary>
    Accepted,

    /// <summary>It is whose it was: the token is not accepted, or another user's.</summary>
    Refused,

    /// <summary>It is whose it was: nobody could tell in time.</summary>
    Unavailable,

    /// <summary>The connection has ended, or is being closed.</summary>
    Ended,
}

/// <summary>What came of an auth message.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Details">Why it was refused, where the peer may know (<see cref="RecentRefusals.Explains"/>).</param>
internal readonly record struct AuthAnswer(AuthOutcome Outcome, IReadOnlyList<FieldFault>? Details = null)
{
    /// <summary>Whether the token was good once, and has expired.</summary>
    public bool HasExpired { get; init; }

    public static implicit operator AuthAnswer(AuthOutcome outcome) => new(outcome);
}

/// <summary>Carries out auth messages: the token is checked on the thread pool, while no further message of the connection is taken.</summary>
internal sealed class FirstMessage(Authenticator authenticator)
{
    /// <summary>Takes an auth message in place of the messages that come after it. Called on the connection's lane.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="token">As it came; null where the message bore none.</param>
    /// <param name="answer">Tells the peer, on the lane. What it throws ends the connection, and no other.</param>
    public async Task CarryOutAsync(Connection connection, string? token, Func<AuthAnswer, Task> answer)
    {
        connection.Suspend();
        try
        {
            await answer(await TakeAsync(connection, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // see answer
        catch (Exception error)
#pragma warning restore CA1031
        {
            await connection.Lane.SwitchTo();
            connection.LogFailure(error);
            connection.CloseNow(DisconnectCode.HandlerFailed);
        }

        if (connection.State == ConnectionState.Open)
        {
            connection.Resume();
        }
    }

    /// <summary>Says whose a token is, off the lane: nothing is computed over a signature there.</summary>
    public async ValueTask<TokenJudgement> JudgeAsync(string token)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return await authenticator.IdentifyAsync(token).ConfigureAwait(false);
    }

    /// <summary>Checks a token, and makes the connection its user's. Called on the connection's lane, suspended; goes on there.</summary>
    /// <param name="connection">Whose.</param>
    /// <param name="token">As it came; null where the message bore none.</param>
    public async Task<AuthAnswer> TakeAsync(Connection connection, string? token)
    {
        TokenJudgement judged = TokenReason.Missing;
        var failed = false;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            judged = token is null ? judged : await authenticator.IdentifyAsync(token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever the application's own check throws, the peer gets an answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failed = true;
            connection.LogFailure(error);
        }

        await connection.Lane.SwitchTo();
        if (connection.State != ConnectionState.Open)
        {
            return AuthOutcome.Ended;
        }

        return await TakeAsync(connection, failed ? new TokenJudgement(null, null, Later: true) : judged).ConfigureAwait(false);
    }

    /// <summary>Makes the connection its user's, where a token was found good. Called on the connection's lane, suspended; goes on there.</summary>
    public static async Task<AuthAnswer> TakeAsync(Connection connection, TokenJudgement judged) =>
        judged.Later ? End(connection, DisconnectCode.Unavailable, AuthOutcome.Unavailable)
        : judged.Identity is { } identity ? await TakeAsync(connection, identity).ConfigureAwait(false)
        : Refuse(connection, judged.Why!) with { HasExpired = judged.HasExpired };

    /// <summary>Makes the connection the user's who has proven to be there. Called on the connection's lane, suspended; goes on there.</summary>
    public static async Task<AuthAnswer> TakeAsync(Connection connection, Identity identity)
    {
        if (!TryTake(connection, identity))
        {
            return Refuse(connection, TokenReason.OtherUser);
        }

        var counted = await connection.TryCountUserAsync().ConfigureAwait(false);
        await connection.Lane.SwitchTo();
        if (!counted)
        {
            connection.CloseNow(DisconnectCode.TooManyConnections);
        }

        if (connection.State != ConnectionState.Open)
        {
            return AuthOutcome.Ended;
        }

        return AuthOutcome.Accepted;
    }

    private static bool TryTake(Connection connection, Identity identity)
    {
        if (connection.Authentication is { } authentication)
        {
            return authentication.TryTake(identity) && !IsRevoked(connection, identity);
        }

        connection.Authentication = new ConnectionAuthentication(connection, identity);
        connection.Authentication.Start();
        return !IsRevoked(connection, identity);
    }

    // Revoked while it was being checked: a revocation looks at connections only after it is in the list.
    private static bool IsRevoked(Connection connection, Identity identity)
    {
        if (connection.Registry.Revocations.EndOf(identity) is not { } end)
        {
            return false;
        }

        connection.Expel(end);
        return true;
    }

    // A peer that is to be closed is told why before, where it may know.
    private static AuthAnswer Refuse(Connection connection, string why)
    {
        var details = connection.Registry.Refusals.Add("Invalid token", connection.Address, new FieldFault("token", why));
        if (details is not null && connection is { State: ConnectionState.Open, Authentication.IsPending: true })
        {
            connection.TellTokenRefused(details);
        }

        return new AuthAnswer(End(connection, DisconnectCode.AuthFailed, AuthOutcome.Refused), details);
    }

    // A connection that has not yet said whose it is has one attempt.
    private static AuthOutcome End(Connection connection, DisconnectCode code, AuthOutcome outcome)
    {
        if (connection.State == ConnectionState.Open && connection.Authentication is not { IsPending: true })
        {
            return outcome;
        }

        connection.CloseNow(code);
        return AuthOutcome.Ended;
    }
}
