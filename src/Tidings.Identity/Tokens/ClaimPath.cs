using System.Text;
using System.Text.Json;

namespace Tidings.Security.Tokens;

/// <summary>Where a claim is found: by its whole name (<c>https://example.com/roles</c>), or where there is none of that name, inside objects, as <c>realm_access.roles</c>.</summary>
internal sealed class ClaimPath
{
    private readonly byte[] _name;
    private readonly byte[][] _steps;

    public ClaimPath(string name)
    {
        Name = name;
        _name = Encoding.UTF8.GetBytes(name);
        _steps = [.. name.Split('.').Select(Encoding.UTF8.GetBytes)];
    }

    public string Name { get; }

    public bool TryFind(JsonElement claims, out JsonElement value)
    {
        if (claims.TryGetProperty(_name, out value))
        {
            return true;
        }

        if (_steps.Length == 1)
        {
            return false;
        }

        value = claims;
        foreach (byte[] step in _steps)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value))
            {
                return false;
            }
        }

        return true;
    }
}
