namespace Tidings.AspNetCore.Keys;

/// <summary>Metadata of a route: its bodies are of any type, so that direct local requests need not have JSON there.</summary>
internal sealed class TakesAnyBody
{
    public static readonly TakesAnyBody Instance = new();
}
