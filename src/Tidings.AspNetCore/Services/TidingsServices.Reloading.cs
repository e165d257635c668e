using Tidings.AspNetCore.Hooks;
using Tidings.AspNetCore.Keys;
using Tidings.Engine;
using Tidings.Quotas;
using Tidings.Rules;
using Tidings.Sessions;

namespace Tidings.AspNetCore.Services;

/// <content>Options that change while the server runs. Each is one reference that is swapped: whoever comes finds the old or the new, never half of it.</content>
internal sealed partial class TidingsServices
{
    private volatile string? _madeAdminKey;
    private volatile bool _routeRequiresAuthentication;
    private volatile TidingsOptions _keyOptions;

    /// <summary>The admin key in force, or null.</summary>
    public string? AdminKey => _keyOptions.AdminKey ?? _madeAdminKey;

    /// <summary>Has a key in the place of <see cref="TidingsOptions.AdminKey"/> as long as that is not set.</summary>
    public void UseMadeAdminKey(string key)
    {
        _madeAdminKey = key;
        ChangeKeys(_keyOptions);
    }

    /// <summary>What keeps options, valid in themselves, from taking the place of those in force.</summary>
    public IEnumerable<string> ReloadFaults(TidingsOptions options)
    {
        var takesTokens = options.Jwt.Secret is not null || options.Jwt.Keys.Count > 0;
        if (takesTokens != (_jwt is not null))
        {
            yield return takesTokens
                ? "Tidings:Jwt has keys, and had none: the server must be restarted to take tokens."
                : "Tidings:Jwt has no keys any more: the server must be restarted to take no tokens.";
        }

        if (_hooks is null && options.Channels.Any(static kind => kind.OnSubscribe is not null || kind.OnPublish is not null))
        {
            yield return "Tidings:Channels has a hook, and there was no Tidings:Hooks:Secret: the server must be restarted to call hooks.";
        }
    }

    /// <summary>Puts limits, kinds of channels, keys and origins in force. Everything else stays.</summary>
    /// <remarks>For the standalone server alone, all of whose kinds come from its options. New connections and requests go by them; connections that are
    /// there keep their sizes and rates, and their subscriptions.</remarks>
    /// <param name="options">Valid, and without <see cref="ReloadFaults"/>.</param>
    public void Reload(TidingsOptions options)
    {
        var limits = Limits.From(options.Limits);
        _limits = limits;
        _histories.Limit = limits.HistoryBytes;
        Registry.Change(limits.ForNode());
        _subscribing.Limits = new ChannelLimits(limits.Subscriptions, limits.SubscribeRate);
        _handshakes.Change(limits.HandshakeRate);
        Kinds.Replace([.. options.Channels.Select(KindOf)]);
        Kinds.UnmatchedAreOpen = UnmatchedAreOpen(options);
        DirectMessages.Rule = DirectMessages.Rule with { Access = options.Send };
        ChangeKeys(options);
        _jwt?.Change(options.Jwt);
        LimitTokens(options.Jwt);
        Origins.Change(options.AllowedOrigins);
        CrossOrigin.Change([.. options.AllowedOrigins]);
    }

    // Nothing is known of the lifetime of tokens that the application checks by itself.
    private void LimitTokens(JwtOptions options)
    {
        Registry.Revocations.ClockSkew = options.ClockSkew;
        Registry.Revocations.MaxLifetime = _jwt is null ? null : options.MaxLifetime;
    }

    private void ChangeKeys(TidingsOptions options)
    {
        var trustsLocal = LocalRule.HoldsWith(options);
        ApiAccess.Change(ApiKeys(options), Limits.ApiRate, trustsLocal);
        AdminAccess.Change(AdminKeys(options), RateLimit.None, trustsLocal);
        TaskAccess.Change(TaskKeys(options), Limits.ApiRate, trustsLocal);
        _keyOptions = options;
    }

    /// <summary>A route takes in nobody anonymous. Called while routes are built, before any request reaches them.</summary>
    public void OnRouteRequiresAuthentication()
    {
        _routeRequiresAuthentication = true;
        Kinds.UnmatchedAreOpen = UnmatchedAreOpen(_keyOptions);
    }

    // Whether authentication is required does not change while the server runs.
    private bool UnmatchedAreOpen(TidingsOptions options) =>
        (options.UnmatchedChannels ?? (Options.RequireAuthentication || _routeRequiresAuthentication ? UnmatchedChannels.Closed : UnmatchedChannels.Open)) == UnmatchedChannels.Open;

    private (string Option, string? Key)[] ApiKeys(TidingsOptions options) => [("Tidings:ApiKey", options.ApiKey), .. AdminKeys(options)];

    private (string Option, string? Key)[] AdminKeys(TidingsOptions options) => [(ServerKey.AdminKey, options.AdminKey ?? _madeAdminKey)];

    private (string Option, string? Key)[] TaskKeys(TidingsOptions options) => [("Tidings:WorkerKey", options.WorkerKey), .. ApiKeys(options)];

    private ChannelKind KindOf(ChannelOptions options) => ChannelKindFactory.From(options) with
    {
        OnSubscribe = Hook(options.OnSubscribe, static (hooks, url) => new SubscribeHook(hooks, url)),
        OnPublish = Hook(options.OnPublish, static (hooks, url) => new PublishHook(hooks, url)),
    };
}
