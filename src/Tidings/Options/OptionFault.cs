using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Tidings.Options;

/// <summary>The one writer of messages about options that are wrong: the key, the value and what it must be. The value of a secret option is never part of one, and of
/// other values nothing is shown that looks like a secret in the wrong place.</summary>
internal static partial class OptionFault
{
    private const string NotShown = "(not shown)";
    private const int LongestValue = 200;

    /// <summary>A value is not what it must be.</summary>
    /// <typeparam name="T">Where the option is declared.</typeparam>
    /// <param name="option">The option's property.</param>
    /// <param name="key">Its key.</param>
    /// <param name="value">Its value.</param>
    /// <param name="must">What it must be, in words.</param>
    public static string Of<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(string option, string key, string? value, string must) =>
        Of(typeof(T).GetProperty(option) ?? throw new ArgumentException($"{typeof(T).Name} has no option {option}.", nameof(option)), key, value, must);

    /// <inheritdoc cref="Of{T}"/>
    public static string Of(PropertyInfo option, string key, string? value, string must) =>
        IsSecret(option) ? $"{key} is not what it must be: {must}. Its value is not shown." : $"{key} is \"{Shown(value)}\"; it must be {must}.";

    /// <summary>Whether the option's value is never shown.</summary>
    public static bool IsSecret(PropertyInfo option) => option.IsDefined(typeof(SecretOptionAttribute));

    /// <summary>What may be shown of a value whose option is not secret: somebody may have put a secret there all the same.</summary>
    public static string Shown(string? value)
    {
        if (value is null || value.Contains("-----BEGIN", StringComparison.Ordinal))
        {
            return value is null ? "" : NotShown;
        }

        var text = Assigned().Replace(UserInfo().Replace(value, $"//{NotShown}@"), $"$1={NotShown}");
        return text.Length <= LongestValue ? text : text[..LongestValue] + "…";
    }

    [GeneratedRegex("//[^/]*@")]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"(\w*(?:pass|pwd|secret|token|key)\w*)\s*=\s*[^;,&\s]*", RegexOptions.IgnoreCase)]
    private static partial Regex Assigned();
}
