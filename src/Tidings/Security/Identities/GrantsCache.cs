using System.Globalization;
using System.Text;
using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>One <see cref="ChannelGrants"/> for all tokens that say the same of channels: a thousand users of one role hold one object.
/// Safe from any thread.</summary>
internal sealed class GrantsCache
{
    // Signed tokens alone get here; a back end that makes up patterns for each user begins anew now and then.
    private const int Most = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ChannelGrants> _known = new(StringComparer.Ordinal);

    /// <returns>Null where a pattern is malformed.</returns>
    public ChannelGrants? Find(TokenPermissions permissions, IReadOnlyList<string>? within)
    {
        var key = KeyOf(permissions, within);
        lock (_gate)
        {
            if (_known.TryGetValue(key, out var known))
            {
                return known;
            }
        }

        if (ChannelGrants.TryCompile(permissions, within) is not { } grants)
        {
            return null;
        }

        lock (_gate)
        {
            if (_known.Count >= Most)
            {
                _known.Clear();
            }

            return _known.TryAdd(key, grants) ? grants : _known[key];
        }
    }

    // No pattern holds white space.
    private static string KeyOf(TokenPermissions permissions, IReadOnlyList<string>? within)
    {
        var key = new StringBuilder();
        foreach (var (pattern, actions) in permissions.AsSpan())
        {
            key.Append(pattern).Append(' ').Append(((int)actions).ToString(CultureInfo.InvariantCulture)).Append(' ');
        }

        foreach (var pattern in within ?? [])
        {
            key.Append("  ").Append(pattern);
        }

        return key.ToString();
    }
}
