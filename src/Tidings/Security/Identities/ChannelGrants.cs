using Tidings.Protocol;
using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>What a token grants, ready to be asked on every command. Immutable.</summary>
internal sealed class ChannelGrants
{
    private readonly (ChannelPattern Pattern, TokenActions Actions)[] _grants;

    private ChannelGrants(TokenPermissions permissions, (ChannelPattern, TokenActions)[] grants)
    {
        Permissions = permissions;
        _grants = grants;
    }

    /// <summary>The same as the token said it.</summary>
    public TokenPermissions Permissions { get; }

    /// <returns>Null where a pattern is malformed: its maker meant something by it.</returns>
    public static ChannelGrants? TryCompile(TokenPermissions permissions)
    {
        var grants = new (ChannelPattern, TokenActions)[permissions.Count];
        for (var i = 0; i < grants.Length; i++)
        {
            if (ChannelPattern.Fault(permissions[i].Pattern) is not null)
            {
                return null;
            }

            grants[i] = (new ChannelPattern(permissions[i].Pattern), permissions[i].Actions);
        }

        return new ChannelGrants(permissions, grants);
    }

    /// <summary>Whether any of the patterns that match grants it.</summary>
    public bool Allow(string channel, TokenActions action)
    {
        foreach (var (pattern, actions) in _grants)
        {
            if ((actions & action) != 0 && pattern.Matches(channel))
            {
                return true;
            }
        }

        return false;
    }
}
