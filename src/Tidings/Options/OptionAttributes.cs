using System.Globalization;

namespace Tidings.Options;

/// <summary>From where to where an option's value goes; what lies outside is a fault. Both ends are written as in a configuration.</summary>
/// <param name="least">The least value.</param>
/// <param name="most">The most; null where its type alone bounds it.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OptionRangeAttribute(string least, string? most = null) : Attribute
{
    /// <summary>What 0 means where it stands for more than a number. It is then allowed, whatever the range.</summary>
    public string? Zero { get; init; }

    public string Least => least;

    public string? Most => most;

    /// <summary>What is allowed, in words.</summary>
    public override string ToString()
    {
        var zero = Zero is null ? "" : $" ({Zero})";
        return least == "0"
            ? most is null ? $"0{zero} or more" : $"from 0{zero} to {most}"
            : $"{(Zero is null ? "" : $"0{zero}, or ")}from {least}{(most is null ? "" : $" to {most}")}";
    }

    public bool Allows(object value, bool isSize) =>
        (Zero is not null && IsZero(value))
        || (Compare(value, least, isSize) >= 0 && (most is null || Compare(value, most, isSize) <= 0));

    private static bool IsZero(object value) => value is TimeSpan time ? time == TimeSpan.Zero : Convert.ToInt64(value, CultureInfo.InvariantCulture) == 0;

    private static int Compare(object value, string end, bool isSize) => OptionValue.TryParse(end, value.GetType(), isSize, out var parsed)
        ? ((IComparable)value).CompareTo(parsed)
        : throw new InvalidOperationException($"The end \"{end}\" of a range is no {value.GetType().Name}.");
}

/// <summary>What an option's text looks like, for the configuration page.</summary>
/// <param name="form">In words.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class OptionFormAttribute(string form) : Attribute
{
    public string Form => form;
}

/// <summary>An option whose value is never shown.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretOptionAttribute : Attribute;

/// <summary>An option, or all of a group, whose changes take effect while the standalone server runs.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
internal sealed class ReloadableAttribute : Attribute;
