using System.Text.RegularExpressions;
using Tidings.Protocol;
using Tidings.Security.Identities;

namespace Tidings.Rules;

/// <summary>Lets those users alone whose id or claim is what a channel's name says: <c>user={id}</c>, <c>claim:team={team}</c>. Immutable.</summary>
internal sealed partial class UserRule
{
    private readonly string? _claim;
    private readonly string _template;

    private UserRule(ChannelRule rule) => (Text, _claim, _template) = (rule.Compared!, rule.Claim, rule.Template);

    public string Text { get; }

    /// <returns>Null where the rule compares nothing.</returns>
    public static UserRule? Of(ChannelRule rule) => rule.Compared is null ? null : new UserRule(rule);

    /// <param name="pattern">That of the kind.</param>
    /// <param name="channel">A channel of it.</param>
    /// <param name="who">Who asks.</param>
    public bool Allows(ChannelPattern pattern, string channel, Identity who)
    {
        var wanted = Values().Replace(_template, value => pattern.ValueOf(channel, value.Value[1..^1]));
        return _claim is null ? who.User == wanted : who.Claims?.GetValueOrDefault(_claim)?.Contains(wanted, StringComparer.Ordinal) == true;
    }

    /// <summary>What is wrong with it in kinds of this pattern, or null.</summary>
    public string? Fault(ChannelPattern pattern)
    {
        var unknown = Values().Matches(_template).Select(static value => value.Value[1..^1]).FirstOrDefault(name => !pattern.Values.Contains(name));
        return unknown is not null ? $"names {{{unknown}}}, which the pattern does not have"
            : Values().Replace(_template, "").AsSpan().ContainsAny('{', '}') ? "has a brace that names no value"
            : null;
    }

    [GeneratedRegex(@"\{[A-Za-z][A-Za-z0-9]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Values();
}
