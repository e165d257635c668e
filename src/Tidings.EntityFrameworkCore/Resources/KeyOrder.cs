using System.Text;

namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>The order of keys as the database has it where pages of rows are read: numbers and ids by their value, text by its UTF-8 bytes (<c>COLLATE "C"</c>).</summary>
internal sealed class KeyOrder : IComparer<object>
{
    public static readonly KeyOrder Instance = new();

    public int Compare(object? x, object? y) => x is string a && y is string b
        ? Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b))
        : Comparer<object>.Default.Compare(x, y);
}
