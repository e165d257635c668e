using Tidings.Lanes;
using Tidings.Protocol;
using Tidings.Protocol.Frames;
using Tidings.Security.Identities;

namespace Tidings.Connections;

/// <summary>Who a connection belongs to, and the deadlines of that: the first message in time, the announcement of the end, the end.</summary>
/// <remarks>Belongs to the connection's lane once the connection is attached; <see cref="Identity"/> may be read by any thread.</remarks>
internal sealed class ConnectionAuthentication : TimerEntry
{
    /// <summary>How long a client may take to authenticate.</summary>
    public static readonly TimeSpan FirstMessageTimeout = TimeSpan.FromSeconds(5);

    /// <summary>What is taken from a client that has not authenticated: an auth message bears a token of at most 8 KB.</summary>
    public static readonly MessageRules FirstMessageRules = new(10 * 1024, 10 * 1024, Text: true, Binary: false);

    /// <summary>Bytes that a compressed message may have before the client has authenticated.</summary>
    public const int FirstMessageInflated = 4 * 1024;

    // How long before its end a token is announced to end; half of what is left where that is less.
    private const long AnnounceBefore = 60_000;

    private readonly Connection _connection;
    private volatile Identity? _identity;
    private long? _anonymousUntil;
    private bool _announced;

    /// <param name="connection">The connection.</param>
    /// <param name="identity">Who it belongs to; null where that is to be said, for which a place was taken (<see cref="ConnectionRegistry.TryEnterPending"/>).</param>
    public ConnectionAuthentication(Connection connection, Identity? identity = null)
    {
        _connection = connection;
        _identity = identity;
    }

    /// <summary>Somebody anonymous, who was let in until a time.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="until">The time, in Unix milliseconds.</param>
    public static ConnectionAuthentication OfNobody(Connection connection, long until) => new(connection) { _anonymousUntil = until };

    /// <summary>Whether it is still to be said who this is, before anything else is taken.</summary>
    public bool IsPending => _identity is null && _anonymousUntil is null;

    public Identity? Identity => _identity;

    /// <summary>The connection is open: deadlines run from here on.</summary>
    public void Start()
    {
        if (IsPending)
        {
            _connection.Lane.Timers.Schedule(this, _connection.Lane.Now + (long)FirstMessageTimeout.TotalMilliseconds);
        }
        else
        {
            ScheduleEnd();
        }
    }

    /// <summary>The connection is gone.</summary>
    public void End()
    {
        _connection.Lane.Timers.Cancel(this);
        if (IsPending)
        {
            _connection.Registry.LeavePending();
        }
    }

    /// <summary>Takes a token that was found good: the first, or a newer one of the same user.</summary>
    /// <returns>False where it is another user's: one connection is never two users.</returns>
    public bool TryTake(Identity identity)
    {
        if (_identity is { } before && before.User != identity.User)
        {
            return false;
        }

        if (IsPending)
        {
            _connection.Registry.LeavePending();
        }

        _identity = identity;
        _announced = false;
        _connection.Lane.Timers.Cancel(this);
        ScheduleEnd();
        return true;
    }

    protected internal override void OnDue()
    {
        if (_identity is not { } identity)
        {
            OnNobodyDue();
            return;
        }

        var left = Left(identity.ExpiresAt);
        if (left <= 0)
        {
            if (identity.Renewal is { } renewal)
            {
                _ = RenewAsync(identity, renewal);
            }
            else
            {
                _connection.Expel(DisconnectCode.TokenExpired);
            }

            return;
        }

        // Where somebody else is asked there is nothing that the client could show.
        if (!_announced && identity.Renewal is null)
        {
            _announced = true;
            _connection.AnnounceExpiry((left + 999) / 1000);
        }

        ScheduleEnd();
    }

    private void OnNobodyDue()
    {
        if (_anonymousUntil is not { } until)
        {
            _connection.CloseNow(DisconnectCode.AuthTimeout);
        }
        else if (Left(until) > 0)
        {
            ScheduleEnd();
        }
        else
        {
            _connection.Expel(DisconnectCode.TokenExpired);
        }
    }

    private async Task RenewAsync(Identity identity, IIdentityRenewal renewal)
    {
        Identity? renewed = null;
        var why = DisconnectCode.HandlerFailed;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            (renewed, why) = await renewal.RenewAsync(identity).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it was, the connection does not go on without an answer.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _connection.LogFailure(error);
        }

        await _connection.Lane.SwitchTo();
        if (_connection.State != ConnectionState.Open || _identity != identity)
        {
            // It has ended, or has shown a token meanwhile.
            return;
        }

        if (renewed is null)
        {
            _connection.Expel(why);
            return;
        }

        _identity = renewed;
        ScheduleEnd();
    }

    // The wall clock says when a token ends; the wheel, which no change of that clock disturbs, only when to look at it.
    private void ScheduleEnd()
    {
        if ((_identity?.ExpiresAt ?? _anonymousUntil) is not (< long.MaxValue and var end))
        {
            return;
        }

        var left = Math.Max(0, Left(end));
        var wait = _announced || _identity is not { Renewal: null } ? left : left - Math.Min(AnnounceBefore, left / 2);
        _connection.Lane.Timers.Schedule(this, _connection.Lane.Now + wait);
    }

    private long Left(long end) => end - _connection.Registry.Time.GetUtcNow().ToUnixTimeMilliseconds();
}
