using System.Globalization;
using System.Reflection;

namespace Tidings.Options;

/// <summary>Reads and writes values as people do: <c>30s</c>, <c>5m</c>, <c>00:00:30</c>; <c>10KB</c>, <c>1MB</c>; <c>true</c>.</summary>
internal static class OptionValue
{
    private static readonly (string Unit, double Milliseconds)[] TimeUnits =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    // 1 KB is 1,024 bytes.
    private static readonly (string Unit, long Bytes)[] SizeUnits =
        [("KB", 1L << 10), ("MB", 1L << 20), ("GB", 1L << 30), ("B", 1)];

    /// <summary>Whether an option's number is one of bytes.</summary>
    public static bool IsSize(PropertyInfo option) => option.Name.Contains("Bytes", StringComparison.Ordinal);

    /// <summary>What a value of <paramref name="type"/> looks like, for error messages.</summary>
    public static string Form(Type type, bool isSize)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when isSize => "a size, as 10KB, 1MB or bytes",
            _ when type == typeof(ChannelRule) => "anyone, users, server, user={id} or claim:name={value}",
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
            _ when type == typeof(ChannelRule) => ChannelRule.TryParse(text, out var rule) ? (object)rule : null,
            _ when type == typeof(TimeSpan) => Time(text),
            _ when type == typeof(bool) => bool.TryParse(text, out var flag) ? flag : null,
            _ when type == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when type == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ when type.IsEnum => !char.IsAsciiDigit(text.FirstOrDefault()) && Enum.TryParse(type, text, ignoreCase: true, out var name) ? name : null,
            _ => null,
        };
        return value is not null;
    }

    /// <summary>The shortest text that <see cref="TryParse"/> reads as this value; empty for nothing.</summary>
    public static string Write(object? value, bool isSize) => value switch
    {
        null => "",
        TimeSpan time => Write(time),
        long bytes when isSize => WriteSize(bytes),
        bool flag => flag ? "true" : "false",
        Enum name => name.ToString().ToLowerInvariant(),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Write(TimeSpan time)
    {
        if (time == TimeSpan.Zero)
        {
            return "0";
        }

        foreach (var (unit, milliseconds) in TimeUnits.Reverse())
        {
            if (time.Ticks % (TimeSpan.TicksPerMillisecond * (long)milliseconds) == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds / milliseconds:0}{unit}");
            }
        }

        return time.ToString("c", CultureInfo.InvariantCulture);
    }

    private static string WriteSize(long bytes)
    {
        var (unit, size) = bytes == 0 ? ("", 1) : SizeUnits.Where(unit => bytes % unit.Bytes == 0).MaxBy(static unit => unit.Bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{(size == 1 ? "" : unit)}");
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
