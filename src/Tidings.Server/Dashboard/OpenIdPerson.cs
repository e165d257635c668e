using System.Buffers.Text;
using System.Text.Json;
using Tidings.AspNetCore.Dashboard;
using Tidings.Security.Tokens;
using Tidings.Server.Options;

namespace Tidings.Server.Dashboard;

/// <summary>Somebody whom the provider knows, and who has a role here.</summary>
/// <param name="Name">As logs name the person: an address or name, and the id that nobody else has.</param>
/// <param name="MayAct">Whether the role is that of those who change something.</param>
internal sealed record OpenIdPerson(string Name, bool MayAct)
{
    private static readonly string[] Names = ["email", "preferred_username", "name"];

    /// <param name="idToken">As the provider's token endpoint gave it, checked.</param>
    /// <param name="options">Which roles there are.</param>
    /// <returns>Null for somebody without a role.</returns>
    public static OpenIdPerson? Read(string? idToken, DashboardOptions options)
    {
        if (idToken?.Split('.') is not [_, var payload, _])
        {
            return null;
        }

        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
        var claims = document.RootElement;
        var roles = new ClaimPath(options.RolesClaim).TryFind(claims, out var value) ? Texts(value) : [];
        var acts = roles.Contains(options.Operator, StringComparer.Ordinal);
        return acts || roles.Contains(options.Viewer, StringComparer.Ordinal) ? new OpenIdPerson(NameOf(claims), acts) : null;
    }

    private static string NameOf(JsonElement claims)
    {
        var id = Text(claims, "sub") ?? "";
        var name = Names.Select(name => Text(claims, name)).FirstOrDefault(static name => !string.IsNullOrWhiteSpace(name));
        var text = name is null ? id : $"{name} ({id})";
        return new string([.. text.Take(DashboardSessions.LongestName).Select(static c => TokenText.BreaksLine(c) || char.IsSurrogate(c) ? '?' : c)]);
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static List<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => [.. value.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.String).Select(static item => item.GetString()!)],
        _ => [],
    };
}
