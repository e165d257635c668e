using Tidings.Options;
using Tidings.Security.Issuers;

namespace Tidings.Server.Options;

/// <summary>Who may see the dashboard besides those who have the admin key: people whom an OpenID Connect provider knows (docs/security.md#dashboard).</summary>
internal sealed class DashboardOptions
{
    /// <summary>The address of the provider that signs people in. Default none: the admin key alone opens the dashboard.</summary>
    [OptionForm("a URL")]
    public string? Authority { get; set; }

    /// <summary>This server's client at the provider, with <c>/dashboard/session/openid/return</c> of the server's address as its redirect URI. Default none.</summary>
    public string? ClientId { get; set; }

    /// <summary>The client's secret. Several nodes need the same. Default none.</summary>
    [OptionForm("at least 16 characters")]
    [SecretOption]
    public string? ClientSecret { get; set; }

    /// <summary>The claim of the id token with people's roles: a text or a list, also by a path as <c>realm_access.roles</c>. Default <c>roles</c>.</summary>
    public string RolesClaim { get; set; } = "roles";

    /// <summary>The role of those who may look. Default <c>viewer</c>.</summary>
    public string Viewer { get; set; } = "viewer";

    /// <summary>The role of those who may also publish, disconnect and cancel; each such act is logged with who. Default <c>operator</c>.</summary>
    public string Operator { get; set; } = "operator";

    /// <summary>Whether people sign in at a provider.</summary>
    internal bool SignsIn => Authority is not null;

    /// <summary>What is wrong, each with its key.</summary>
    internal IEnumerable<string> Faults()
    {
        if (Authority is not null && KeyLocation.Fault(Authority) is { } right)
        {
            yield return OptionFault.Of<DashboardOptions>(nameof(Authority), "Tidings:Dashboard:Authority", Authority, right);
        }

        if (Authority is not null && (string.IsNullOrWhiteSpace(ClientId) || ClientSecret is not { Length: >= 16 }))
        {
            yield return "Tidings:Dashboard:Authority needs ClientId, and ClientSecret of at least 16 characters.";
        }

        if (Authority is null && (ClientId is not null || ClientSecret is not null))
        {
            yield return "Tidings:Dashboard:ClientId and ClientSecret need Authority, the address of the provider.";
        }

        if (RolesClaim.Length == 0 || Viewer.Length == 0 || Operator.Length == 0 || Viewer == Operator)
        {
            yield return "Tidings:Dashboard:RolesClaim, Viewer and Operator must not be empty, and Viewer not the same as Operator.";
        }
    }
}
