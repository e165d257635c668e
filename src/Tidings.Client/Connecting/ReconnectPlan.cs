using Tidings.Protocol;

namespace Tidings.Client.Connecting;

/// <summary>Decides after each end whether the client comes back, and after how long. Pure but for its counters.</summary>
/// <param name="maxRetries">How many attempts in a row may fail; null for any number.</param>
/// <param name="canRenew">Whether there is a token callback.</param>
/// <param name="random">From 0 up to but not including 1.</param>
internal sealed class ReconnectPlan(int? maxRetries, bool canRenew, Func<double> random)
{
    private int _attempt;
    private int _refusals;
    private int _retries;
    private bool _renewed;
    private bool _wasConnected;

    /// <summary>Whether the next attempt needs a new token.</summary>
    public bool NeedsToken { get; private set; }

    /// <summary>A connection is there.</summary>
    public void OnConnected() => _wasConnected = true;

    /// <summary>How long to wait before the next attempt; null to stay away.</summary>
    public TimeSpan? Next(SessionEnd end)
    {
        if (end.Open >= Backoff.HeldAfter)
        {
            _attempt = 0;
            _refusals = 0;
            _retries = 0;
            _renewed = false;
        }

        NeedsToken = false;
        var action = CloseCodes.Of(end.Code.Code).After;
        var stays = action switch
        {
            AfterClose.StayAway => true,
            AfterClose.AskTokenOnce => !canRenew || _renewed,
            AfterClose.RenewAndComeBack => !canRenew,
            _ => end.StayAway,
        };
        if (stays || _retries >= maxRetries)
        {
            return null;
        }

        _retries++;
        if (action is AfterClose.AskTokenOnce or AfterClose.RenewAndComeBack)
        {
            NeedsToken = true;
            if (!_renewed)
            {
                _renewed = true;
                return TimeSpan.Zero;
            }
        }

        // Who has lost the server itself has lost it with all others.
        if (SaysServerGoes(end.Code) || (end.Unreachable && _wasConnected))
        {
            _attempt = Math.Max(_attempt, Backoff.ServerGone);
        }

        var after = end.After ?? TimeSpan.Zero;
        if (action == AfterClose.ComeBackSlowly)
        {
            var slowly = Backoff.Slow(_refusals++, random());
            return slowly > after ? slowly : after;
        }

        // On top of what is asked: those who are all asked for the same would come together.
        return after + Backoff.Ordinary(_attempt++, random());
    }

    // The server goes with all its clients at once. A node that drains (4100) sends its clients away one by one.
    private static bool SaysServerGoes(DisconnectCode code) => code.Code is 1012 || code == DisconnectCode.ShuttingDown;
}
