using System.Globalization;
using System.Security.Claims;
using System.Text;
using Microsoft.EntityFrameworkCore;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>A table as clients see it: which members, whose rows, and the channel of its changes. Immutable.</summary>
internal abstract class Resource
{
    public const string ChannelPrefix = "resource:";

    // What a broker takes as the key of a message.
    private const int LongestKey = 128;

    protected Resource(string name, Type entityType, IReadOnlyList<ResourceColumn> columns, int keyIndex)
    {
        Name = name;
        Channel = ChannelPrefix + name;
        EntityType = entityType;
        Columns = columns;
        KeyIndex = keyIndex;
        Shape = string.Join('\n', columns.Select(static column => $"{column.PropertyName} {column.Type}"));
        Shape = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(Shape)).AsSpan(0, 6));
        Events = new EventWriter(this);
    }

    public string Name { get; }

    public string Channel { get; }

    public Type EntityType { get; }

    /// <summary>The named members, then what rows are decided by.</summary>
    public IReadOnlyList<ResourceColumn> Columns { get; }

    public int KeyIndex { get; }

    public ResourceColumn Key => Columns[KeyIndex];

    /// <summary>Tells the columns of one version of a program from those of another.</summary>
    public string Shape { get; }

    /// <summary>Whether the database orders keys as <see cref="KeyOrder"/> does; elsewhere rows are read as one page.</summary>
    public bool HasKeyOrder { get; protected init; } = true;

    public EventWriter Events { get; }

    /// <summary>Whether not everybody may see every row.</summary>
    public bool IsRestricted => IsVisible is not null;

    /// <summary>Whether a user may see a row; null where all may see all.</summary>
    public Func<object?[], ClaimsPrincipal, bool>? IsVisible { get; protected init; }

    /// <summary>The shown column of that name in JSON, or null.</summary>
    public int IndexOf(string jsonName)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i].IsShown && Columns[i].JsonName.Value == jsonName)
            {
                return i;
            }
        }

        return -1;
    }

    public static string? KeyText(object key)
    {
        var text = Convert.ToString(key, CultureInfo.InvariantCulture)!;
        return text.Length > 0 && Encoding.UTF8.GetByteCount(text) <= LongestKey ? text : null;
    }

    /// <summary>Reads rows by their keys, whether or not the user may see them; those that are gone are left out.</summary>
    /// <param name="context">The context; inside its transaction, where there is one.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="forUpdate">Whether nobody else may change them before the transaction ends, where the database can do that.</param>
    /// <param name="async">Whether the caller can wait; otherwise it has completed when it returns.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public abstract ValueTask<List<object?[]>> ReadAsync(DbContext context, IReadOnlyCollection<object> keys, bool forUpdate, bool async, CancellationToken cancellationToken);

    /// <summary>Rows that a user may see, by what a client asked for.</summary>
    public abstract IQueryable<object?[]> Query(DbContext context, RowQuery query);
}

/// <summary>Which rows are wanted.</summary>
/// <param name="User">Whose.</param>
internal sealed record RowQuery(ClaimsPrincipal User)
{
    /// <summary>Columns that must have a value.</summary>
    public IReadOnlyList<(int Column, object? Value)> Equal { get; init; } = [];

    /// <summary>Columns to sort by, before the key.</summary>
    public IReadOnlyList<(int Column, bool Descending)> Order { get; init; } = [];

    /// <summary>Whether rows come in the order of <see cref="KeyOrder"/>, in which pages are read.</summary>
    public bool IsPage { get; init; }

    /// <summary>Of a page: the key before it; null for the first.</summary>
    public object? After { get; init; }

    public int Skip { get; init; }

    /// <summary>The most rows; 0 is all.</summary>
    public int Limit { get; init; }
}
