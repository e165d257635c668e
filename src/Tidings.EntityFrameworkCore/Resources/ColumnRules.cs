using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Tidings.EntityFrameworkCore.Databases;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>How the database keeps and compares the values of one column, so that this process does the same. Immutable.</summary>
/// <remarks>A filter is asked of the database for the rows there are, and of this process for each event: both must say the same.</remarks>
internal sealed class ColumnRules
{
    // To divide by it takes away zeros at the end.
    private const decimal One = 1.0000000000000000000000000000m;
    private const long Epoch = 630_822_816_000_000_000;

    // The ends of time are infinities there.
    private const long Furthest = 600_000_000_000_000_000;

    private static readonly Type[] Comparable =
    [
        typeof(bool), typeof(byte), typeof(sbyte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(decimal), typeof(float),
        typeof(double), typeof(string), typeof(char), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan), typeof(byte[]),
    ];

    private readonly ValueConverter? _converter;
    private readonly string? _store;
    private readonly int? _maxLength;
    private readonly int? _precision;
    private readonly int? _scale;
    private readonly bool _isSqlite;
    private readonly bool _isList;

    private ColumnRules(DbContext context, IProperty property)
    {
        _converter = property.GetTypeMapping().Converter;
        ProviderType = _converter?.ProviderClrType ?? property.ClrType;
        ProviderType = Nullable.GetUnderlyingType(ProviderType) ?? ProviderType;
        if (!context.Database.IsRelational())
        {
            return;
        }

        var mapping = property.GetRelationalTypeMapping();
        _store = property.GetColumnType();
        _isSqlite = DatabaseProvider.Of(context) is SqliteProvider;
        _isList = property.IsPrimitiveCollection;
        _maxLength = property.GetMaxLength();
        (_precision, _scale) = (mapping.Precision ?? property.GetPrecision(), mapping.Scale ?? property.GetScale());
        Collation = ProviderType == typeof(string) && CollationOf(context, property) is { } collation and not ("C" or "POSIX" or "BINARY") ? collation : null;
    }

    /// <summary>What the database is given.</summary>
    public Type ProviderType { get; }

    /// <summary>A collation of the column's own, by which other texts may be equal than the very same; or null.</summary>
    public string? Collation { get; }

    /// <summary>Whether rows can be filtered by the column.</summary>
    public bool CanFilter =>
        !_isList && (Comparable.Contains(ProviderType) || (ProviderType.IsEnum && _store is not null))
        && (ProviderType != typeof(string) || IsText || IsPadded);

    /// <summary>Whether the database compares its texts as they are.</summary>
    public bool IsText => _store is null or "text" || (_isSqlite ? IsTextOfSqlite : _store.StartsWith("character varying", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether rows can be sorted by the column: SQLite keeps some types as texts of another order.</summary>
    public bool CanSort => !_isSqlite || !(ProviderType == typeof(DateTimeOffset) || ProviderType == typeof(TimeSpan) || ProviderType == typeof(ulong) || _isList);

    // Whatever the type is called: only its affinity counts.
    private bool IsTextOfSqlite =>
        !_store!.Contains("INT", StringComparison.OrdinalIgnoreCase) && (_store.Contains("CHAR", StringComparison.OrdinalIgnoreCase) || _store.Contains("CLOB", StringComparison.OrdinalIgnoreCase) || _store.Contains("TEXT", StringComparison.OrdinalIgnoreCase));

    private bool IsPadded => !_isSqlite && (_store is "character" || _store?.StartsWith("character(", StringComparison.OrdinalIgnoreCase) == true);

    private bool HasZone => _store?.StartsWith("timestamp with time zone", StringComparison.OrdinalIgnoreCase) == true || _store?.EndsWith("with time zone", StringComparison.OrdinalIgnoreCase) == true;

    private bool HasNoZone => _store?.StartsWith("timestamp", StringComparison.OrdinalIgnoreCase) == true && !HasZone;

    public static ColumnRules Of(DbContext context, IProperty property) => new(context, property);

    /// <summary>Takes a value from outside as the database takes it.</summary>
    /// <returns>The same value as the model writes it.</returns>
    /// <exception cref="JsonException">The database would refuse it; the message says why.</exception>
    public object? Accept(object? value) => value switch
    {
        double.NaN or float.NaN when _isSqlite => throw new JsonException("This cannot be kept: it is no number."),
        DateTime time => Accept(time),
        DateTimeOffset time when HasZone => time.ToUniversalTime(),
        string text => Accept(text),
        char and ('\0' or (>= '\uD800' and <= '\uDFFF')) => throw new JsonException("This character cannot be kept."),
        Enum when _converter is null && _store is not null && !Enum.IsDefined(value.GetType(), value) => throw new JsonException("There is no such value."),
        _ => value,
    };

    /// <summary>Why the column cannot hold a value that can be compared with its own, or null.</summary>
    public string? Misfit(object? value) => ToProvider(value) switch
    {
        string text when _maxLength is { } most && text.EnumerateRunes().Count() > most => $"This has at most {most} characters.",
        decimal number when _precision is { } digits && decimal.Round(Math.Abs(number), Math.Clamp(_scale ?? 0, 0, 28), MidpointRounding.AwayFromZero) >= Power(digits - (_scale ?? 0)) =>
            $"This has at most {digits - (_scale ?? 0)} digits before the point.",
        _ => null,
    };

    /// <summary>Whether the database finds a row that was written with the one value when it is asked for the other.</summary>
    public bool AreEqual(object? row, object? asked)
    {
        var (x, y) = (Stored(ToProvider(row)), ToProvider(asked));
        return (x, y) switch
        {
            (byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b),
            (string a, string b) when IsPadded => a.TrimEnd(' ') == b.TrimEnd(' '),
            (DateTime a, DateTime b) => Micros(a.Ticks - Epoch) == Micros(b.Ticks - Epoch),
            (DateTimeOffset a, DateTimeOffset b) when _isSqlite => a.EqualsExact(b),
            (DateTimeOffset a, DateTimeOffset b) => Micros(a.UtcTicks - Epoch) == Micros(b.UtcTicks - Epoch),
            (TimeOnly a, TimeOnly b) => Micros(a.Ticks) == Micros(b.Ticks),
            (TimeSpan a, TimeSpan b) => Micros(a.Ticks) == Micros(b.Ticks),
            _ => Equals(x, y),
        };
    }

    /// <summary>A value as the column keeps it: rounded to its precision, half away from zero as PostgreSQL does. SQLite rounds nothing.</summary>
    public object? Kept(object? value) => _converter is null ? Stored(value) : value;

    /// <summary>A value as it is told: of a number that SQLite keeps as a text nobody knows any more how many zeros it was written with.</summary>
    public object Shown(object value) => _isSqlite && value is decimal number ? number / One : value;

    private object? Stored(object? value) => (value, _store) switch
    {
        (_, null) => value,

        // A time without its zone; all else as it is.
        (DateTime time, _) when _isSqlite => DateTime.SpecifyKind(time, DateTimeKind.Unspecified),
        _ when _isSqlite => value,
        (decimal number, _) when _scale is >= 0 and <= 28 => decimal.Round(number, _scale.Value, MidpointRounding.AwayFromZero),
        (DateTime time, _) when Math.Abs(time.Ticks - Epoch) < Furthest => new DateTime(Epoch + Rounded(time.Ticks - Epoch), time.Kind),
        (DateTimeOffset time, _) when Math.Abs(time.UtcTicks - Epoch) < Furthest => new DateTimeOffset(Epoch + Rounded(time.UtcTicks - Epoch), TimeSpan.Zero).ToOffset(time.Offset),
        _ => value,
    };

    // From PostgreSQL's first of January 2000: microseconds, then the digits of the column.
    private long Rounded(long ticks)
    {
        var micros = Micros(ticks);
        if (_precision is >= 0 and < 6)
        {
            var unit = (long)Math.Pow(10, 6 - _precision.Value);
            micros = (micros + (Math.Sign(micros) * unit / 2)) / unit * unit;
        }

        return micros * TimeSpan.TicksPerMicrosecond;
    }

    // The model that queries use has no collations.
    private static string? CollationOf(DbContext context, IProperty property) =>
        context.GetService<IDesignTimeModel>().Model.FindEntityType(property.DeclaringType.Name)?.FindProperty(property.Name)?.GetCollation();

    private object? ToProvider(object? value) => value is null || _converter is null ? value : _converter.ConvertToProvider(value);

    private DateTime Accept(DateTime time)
    {
        if (HasZone)
        {
            // The infinities come back from PostgreSQL without a zone.
            if (time == DateTime.MinValue || time == DateTime.MaxValue)
            {
                return DateTime.SpecifyKind(time, DateTimeKind.Utc);
            }

            return time.Kind == DateTimeKind.Unspecified ? throw new JsonException("This time needs its zone: Z, or an offset.") : time.ToUniversalTime();
        }

        return HasNoZone && time.Kind != DateTimeKind.Unspecified ? throw new JsonException("This time has no zone: leave out Z and offset.") : time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : time;
    }

    private static string Accept(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new JsonException("This must not contain the character U+0000.");
        }

        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var length) != System.Buffers.OperationStatus.Done)
            {
                throw new JsonException("This holds half of a surrogate pair.");
            }

            rest = rest[length..];
        }

        return text;
    }

    // PostgreSQL keeps microseconds.
    private long Micros(long ticks) => _store is null || _isSqlite ? ticks : ticks / TimeSpan.TicksPerMicrosecond;

    private static decimal Power(int digits) => digits is > 0 and <= 28 ? decimal.Parse("1" + new string('0', digits), CultureInfo.InvariantCulture) : digits <= 0 ? 1 : decimal.MaxValue;
}
