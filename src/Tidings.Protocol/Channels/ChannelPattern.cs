using System.Text;
using System.Text.RegularExpressions;

namespace Tidings.Protocol;

/// <summary>A pattern of channel names: <c>{x}</c> is one or more characters without <c>:</c>, <c>*</c> any rest.</summary>
/// <remarks>Matching takes time in proportion to the name, whatever the pattern. Thread-safe.</remarks>
internal sealed partial class ChannelPattern
{
    private const int LongestPattern = 255;

    private readonly string? _literal;
    private readonly string? _prefix;
    private readonly Regex? _regex;

    /// <exception cref="ArgumentException">The pattern is malformed; the message says how.</exception>
    public ChannelPattern(string pattern)
    {
        Text = pattern;
        if (Fault(pattern) is { } fault)
        {
            throw new ArgumentException($"The channel pattern \"{pattern}\" {fault}.", nameof(pattern));
        }

        if (!pattern.Contains('{', StringComparison.Ordinal))
        {
            _prefix = pattern.EndsWith('*') ? pattern[..^1] : null;
            _literal = _prefix is null ? pattern : null;
            return;
        }

        var regex = new StringBuilder("^");
        foreach (Match part in Parts().Matches(pattern))
        {
            regex.Append(part.Value switch
            {
                ['{', .. var name, '}'] => $"(?<{name}>[^:]+)",
                "*" => ".*",
                var literal => Regex.Escape(literal),
            });
            if (part.Value is ['{', .. var value, '}'])
            {
                Values.Add(value);
            }
        }

        _regex = new Regex(regex.Append('$').ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }

    public string Text { get; }

    /// <summary>The names of the values, in order.</summary>
    public List<string> Values { get; } = [];

    public bool Matches(string channel) =>
        _literal is not null ? channel == _literal
        : _prefix is not null ? channel.StartsWith(_prefix, StringComparison.Ordinal)
        : _regex!.IsMatch(channel);

    /// <summary>What <c>{name}</c> is in <paramref name="channel"/>, which matches.</summary>
    public string ValueOf(string channel, string name) => _regex!.Match(channel).Groups[name].Value;

    /// <summary>What is wrong with a pattern, or null.</summary>
    public static string? Fault(string pattern)
    {
        if (pattern.Length is 0 or > LongestPattern)
        {
            return $"must have 1 to {LongestPattern} characters";
        }

        var parts = Parts().Matches(pattern);
        if (parts.Sum(static part => part.Length) != pattern.Length)
        {
            return "may hold names in braces, as {room}, letters and digits, _ . : - @ # $ & + , / ; = ~ !, and * at its end";
        }

        var names = parts.Select(static part => part.Value).Where(static value => value[0] == '{').ToList();
        return names.Distinct().Count() != names.Count ? "names a value twice" : null;
    }

    [GeneratedRegex(@"\{[A-Za-z][A-Za-z0-9]*\}|\*$|[\p{L}\p{M}\p{Nd}_.:\-@#$&+,/;=~!]+", RegexOptions.CultureInvariant)]
    private static partial Regex Parts();
}
