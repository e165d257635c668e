using Tidings.Quotas;

namespace Tidings.Connections;

/// <content>What it may say: its own rates, and those that it shares with others.</content>
internal sealed partial class Connection
{
    /// <summary>Asks for leave to handle a content message. Who goes on past a hundred refusals in a row is closed.</summary>
    /// <param name="bytes">How long the message is; where it was not kept, how much of it counts.</param>
    /// <param name="refusal">Where it is refused, why.</param>
    /// <returns>False where the peer is to be told that it was refused, or is being closed.</returns>
    public bool TryContent(int bytes, out RateRefusal refusal)
    {
        refusal = _limits.Refuse(Settings, bytes, Lane.Now);
        if (!refusal.Refuses && Settings.SharesRates)
        {
            refusal = _registry.Rates.Refuse(Address, Identity?.User);
        }

        CloseIfAbusive(_limits.IsAbusive(refusal.Refuses));
        return Count(refusal);
    }

    /// <summary>Asks for leave to subscribe, or to ask something, where the connection's own rate allows it. Others may be to blame for a refusal, so it
    /// never counts as abuse.</summary>
    public bool TryQuestion(out RateRefusal refusal)
    {
        refusal = Settings.SharesRates ? _registry.Rates.RefuseQuestion(Address, Identity?.User) : default;
        return Count(refusal);
    }

    /// <summary>Asks for leave to publish what <see cref="TryContent"/> has let through. Others may be to blame for a refusal, so it
    /// never counts as abuse.</summary>
    /// <param name="channel">The channel it is to go into.</param>
    /// <param name="refusal">Where it is refused, why.</param>
    public bool TryPublish(string channel, out RateRefusal refusal)
    {
        refusal = _registry.Rates.RefusePublish(channel);
        return Count(refusal);
    }

    private bool Count(in RateRefusal refusal)
    {
        if (refusal.Limit is { } limit)
        {
            _registry.Metrics.RateLimited(limit);
        }

        return !refusal.Refuses;
    }
}
