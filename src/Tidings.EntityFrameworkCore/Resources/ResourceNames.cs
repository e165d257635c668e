namespace Tidings.EntityFrameworkCore.Resources;

/// <summary>The names of an application's resources, of all its contexts: a name is a channel, a route and the name of endpoints, so each is given once.</summary>
internal sealed class ResourceNames
{
    private readonly Lock _gate = new();

    // Routes do not tell capitals from small letters.
    private readonly Dictionary<string, string> _routes = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="InvalidOperationException">Another resource has the name.</exception>
    public void Add(string name, string route)
    {
        lock (_gate)
        {
            if (!_routes.TryAdd(name, route))
            {
                throw new InvalidOperationException(
                    $"Two resources are named \"{name}\", at {_routes[name]} and at {route}. The last part of a resource's pattern is its name, and that of its channel: give one of them another last part.");
            }
        }
    }
}
