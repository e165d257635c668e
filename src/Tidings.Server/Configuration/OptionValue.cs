using System.Globalization;

namespace Tidings.Server.Configuration;

/// <summary>Reads values as people write them: <c>30s</c>, <c>5m</c>, <c>00:00:30</c>; <c>10KB</c>, <c>1MB</c>; <c>true</c>.</summary>
internal static class OptionValue
{
    private static readonly (string Unit, double Milliseconds)[] TimeUnits =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    // 1 KB is 1,024 bytes.
    private static readonly (string Unit, long Bytes)[] SizeUnits =
        [("KB", 1L << 10), ("MB", 1L << 20), ("GB", 1L << 30), ("B", 1)];

    /// <summary>What a value of <paramref name="type"/> looks like, for error messages.</summary>
    public static string Form(Type type, bool isSize)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when isSize => "a size, as 10KB, 1MB or bytes",
            _ when type == typeof(TimeSpan) => "a time, as 30s, 5m, 200ms or 00:00:30",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type.IsEnum => string.Join(", ", Enum.GetNames(type).Select(name => name.ToLowerInvariant())),
            _ => "text",
        };
    }

    /// <summary>Reads <paramref name="text"/> as a value of <paramref name="type"/>.</summary>
    public static bool TryParse(string text, Type type, bool isSize, out object? value)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        text = text.Trim();
        value = type switch
        {
            _ when isSize => Size(text),
            _ when type == typeof(string) => text,
            _ when type == typeof(TimeSpan) => Time(text),
            _ when type == typeof(bool) => bool.TryParse(text, out var flag) ? flag : null,
            _ when type == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when type == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when type.IsEnum => !char.IsAsciiDigit(text.FirstOrDefault()) && Enum.TryParse(type, text, ignoreCase: true, out var name) ? name : null,
            _ => null,
        };
        return value is not null;
    }

    private static object? Time(string text)
    {
        foreach (var (unit, milliseconds) in TimeUnits)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number * milliseconds <= TimeSpan.MaxValue.TotalMilliseconds / 2)
            {
                return TimeSpan.FromMilliseconds(number * milliseconds);
            }
        }

        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
    }

    private static object? Size(string text)
    {
        foreach (var (unit, bytes) in SizeUnits)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && decimal.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number)
                && number <= long.MaxValue / bytes)
            {
                return (long)(number * bytes);
            }
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var plain) ? plain : null;
    }
}
