using System.Security.Claims;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.Resources.Feed;

/// <summary>Which rows of a resource one subscriber sees: those that its user may see and its filter lets through. Immutable.</summary>
internal sealed class FeedView(Resource resource, ClaimsPrincipal user, IReadOnlyList<(int Column, object? Value)> filter)
{
    /// <summary>Whether that is all of them.</summary>
    public bool IsWhole => filter.Count == 0 && !resource.IsRestricted;

    /// <summary>The same as a query.</summary>
    public RowQuery Query { get; } = new(user) { Equal = filter };

    public bool Shows(object?[] row)
    {
        foreach (var (column, value) in filter)
        {
            if (!resource.Columns[column].Rules.AreEqual(row[column], value))
            {
                return false;
            }
        }

        return resource.IsVisible?.Invoke(row, user) ?? true;
    }
}
