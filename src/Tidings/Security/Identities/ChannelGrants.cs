using System.Runtime.CompilerServices;
using Tidings.Protocol;
using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>What a token grants, ready to be asked on every command. Immutable.</summary>
internal sealed class ChannelGrants
{
    /// <summary>What the token of a subscription grants: to hear, to read back, and to see who is there.</summary>
    public const TokenActions OfSubscription = TokenActions.Subscribe | TokenActions.History | TokenActions.Presence;

    // Patterns of an issuer are the same list in all of its tokens.
    private static readonly ConditionalWeakTable<IReadOnlyList<string>, ChannelPattern[]> Compiled = [];

    private readonly (ChannelPattern Pattern, TokenActions Actions)[] _grants;
    private readonly string? _only;
    private readonly TokenActions _actions = OfSubscription;
    private readonly ChannelPattern[]? _within;

    private ChannelGrants(TokenPermissions permissions, (ChannelPattern, TokenActions)[] grants, IReadOnlyList<string>? within)
    {
        (Permissions, Within) = (permissions, within);
        _grants = grants;
        _within = within is null ? null : Compiled.GetValue(within, static patterns => [.. patterns.Select(static pattern => new ChannelPattern(pattern))]);
    }

    private ChannelGrants(string channel, IReadOnlyList<string>? within, TokenActions actions = OfSubscription)
        : this(new TokenPermissions([new TokenPermission(channel, actions)]), [], within) => (_only, _actions) = (channel, actions);

    /// <summary>The same as the token said it.</summary>
    public TokenPermissions Permissions { get; }

    /// <summary>Patterns beside which nothing is granted, as the issuer may name no others; null where it may name any.</summary>
    public IReadOnlyList<string>? Within { get; }

    /// <summary>What is granted in one channel and nowhere else.</summary>
    public static ChannelGrants Of(string channel, TokenActions actions) => new(channel, within: null, actions);

    /// <summary>What the token of one subscription grants.</summary>
    /// <returns>Null where its issuer's tokens may not name the channel.</returns>
    public static ChannelGrants? TryGrant(string channel, IReadOnlyList<string>? within)
    {
        var grants = within?.Any(static pattern => ChannelPattern.Fault(pattern) is not null) == true ? null : new ChannelGrants(channel, within);
        return grants?.IsWithin(channel) == true ? grants : null;
    }

    /// <returns>Null where a pattern is malformed: its maker meant something by it.</returns>
    public static ChannelGrants? TryCompile(TokenPermissions permissions, IReadOnlyList<string>? within = null)
    {
        if (within?.Any(static pattern => ChannelPattern.Fault(pattern) is not null) == true)
        {
            return null;
        }

        var grants = new (ChannelPattern, TokenActions)[permissions.Count];
        for (var i = 0; i < grants.Length; i++)
        {
            if (ChannelPattern.Fault(permissions[i].Pattern) is not null)
            {
                return null;
            }

            grants[i] = (new ChannelPattern(permissions[i].Pattern), permissions[i].Actions);
        }

        return new ChannelGrants(permissions, grants, within);
    }

    /// <summary>Whether any of the patterns that match grants it.</summary>
    public bool Allow(string channel, TokenActions action)
    {
        if (_only is not null)
        {
            return channel == _only && (action & _actions) != 0;
        }

        foreach (var (pattern, actions) in _grants)
        {
            if ((actions & action) != 0 && pattern.Matches(channel))
            {
                return IsWithin(channel);
            }
        }

        return false;
    }

    private bool IsWithin(string channel) => _within is null || Array.Exists(_within, pattern => pattern.Matches(channel));
}
