using Tidings.Security.Identities;
using Tidings.Security.Issuers;
using Tidings.Sessions;

namespace Tidings.Engine;

/// <content>Options that change while the node runs. Each is one reference that is swapped: a reader finds the old or the new, never half of it.</content>
internal sealed partial class Node
{
    private static readonly TimeSpan KeysAtStart = TimeSpan.FromSeconds(2);

    private volatile bool _routeRequiresAuthentication;
    private volatile TidingsOptions? _reloaded;

    /// <summary>What keeps options, valid in themselves, from taking the place of those in force.</summary>
    public IEnumerable<string> ReloadFaults(TidingsOptions options)
    {
        var takesTokens = options.Jwt.AcceptsTokens;
        if (takesTokens != (_jwt is not null))
        {
            yield return takesTokens
                ? "Tidings:Jwt has keys or issuers, and had none: the server must be restarted to take tokens."
                : "Tidings:Jwt has no keys or issuers any more: the server must be restarted to take no tokens.";
        }
    }

    /// <summary>Puts limits, kinds of channels and tokens' keys in force. Everything else stays.</summary>
    /// <remarks>For a node all of whose kinds come from its options. New connections and requests go by them; connections that are there keep their sizes
    /// and rates, and their subscriptions.</remarks>
    /// <param name="options">Valid, and without <see cref="ReloadFaults"/>.</param>
    public void Reload(TidingsOptions options)
    {
        var limits = Limits.From(options.Limits);
        _limits = limits;
        _reloaded = options;
        (_histories.Limit, _histories.DurableLimit) = (limits.HistoryBytes, limits.DurableBytes);
        Registry.Change(limits.ForNode());
        Subscribing.Limits = new ChannelLimits(limits.Subscriptions, limits.SubscribeRate);
        Kinds.Replace([.. options.Channels.Select(_kindOf)]);
        Kinds.UnmatchedAreOpen = UnmatchedAreOpen(options);
        DirectMessages.Rule = DirectMessages.Rule with { Access = options.Send };
        _jwt?.Change(IssuersOf(options), options.Jwt.Validation());
        LimitTokens(options.Jwt);
    }

    /// <summary>A route takes in nobody anonymous. Called while routes are built, before any request reaches them.</summary>
    public void OnRouteRequiresAuthentication()
    {
        _routeRequiresAuthentication = true;
        Kinds.UnmatchedAreOpen = UnmatchedAreOpen(_reloaded ?? Options);
    }

    private static IReadOnlyList<IssuerSettings> IssuersOf(TidingsOptions options)
    {
        var issuers = JwtIssuers.Read(options.Jwt, options.Channels.SelectMany(static channel => channel.ClaimNames), out var faults);
        return faults.Count == 0 ? issuers : throw new ArgumentException(string.Join(' ', faults), nameof(options));
    }

    // Who comes while an issuer is slow to say its keys is told to come back; a node does not wait for that any longer.
    private async Task StartTokensAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (_jwt?.StartAsync() ?? Task.CompletedTask).WaitAsync(KeysAtStart, Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
        }
    }

    // Nothing is known of the lifetime of tokens that the application checks by itself.
    private void LimitTokens(JwtOptions options)
    {
        Registry.Revocations.ClockSkew = options.ClockSkew;
        Registry.Revocations.MaxLifetime = _jwt is null ? null : options.MaxLifetime;
    }

    // Whether authentication is required does not change while the node runs.
    private bool UnmatchedAreOpen(TidingsOptions options) =>
        (options.UnmatchedChannels ?? (Options.RequireAuthentication || _routeRequiresAuthentication ? UnmatchedChannels.Closed : UnmatchedChannels.Open)) == UnmatchedChannels.Open;
}
