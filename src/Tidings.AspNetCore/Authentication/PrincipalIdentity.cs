using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Tidings.Security.Identities;

namespace Tidings.AspNetCore.Authentication;

/// <summary>Who the application's own authentication says that it is.</summary>
internal static class PrincipalIdentity
{
    /// <param name="context">A request that the application's authentication has seen.</param>
    /// <param name="now">When it came, in Unix milliseconds by the broker's clock.</param>
    /// <param name="claimNames">Claims that rules of channels ask for.</param>
    /// <param name="keepPrincipal">Whether handlers ask for the claims.</param>
    /// <returns>Null where nobody is authenticated.</returns>
    public static Identity? Of(HttpContext context, long now, IReadOnlyCollection<string> claimNames, bool keepPrincipal)
    {
        var principal = context.User;
        if (IdOf(principal) is not { } user)
        {
            return null;
        }

        var expires = context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc;
        return new Identity
        {
            User = user,
            IssuedAt = now,
            IssuedHere = true,
            ExpiresAt = expires?.ToUnixTimeMilliseconds() ?? long.MaxValue,
            Claims = ClaimsOf(principal, claimNames),
            Principal = keepPrincipal ? principal : null,
        };
    }

    private static Dictionary<string, IReadOnlyList<string>>? ClaimsOf(ClaimsPrincipal principal, IReadOnlyCollection<string> names)
    {
        Dictionary<string, IReadOnlyList<string>>? claims = null;
        foreach (var name in names)
        {
            if (principal.FindAll(name).Select(static claim => claim.Value).ToList() is { Count: > 0 } values)
            {
                (claims ??= new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal))[name] = values;
            }
        }

        return claims;
    }

    /// <summary>The user's id: <c>NameIdentifier</c>, <c>sub</c>, or the name.</summary>
    public static string? IdOf(ClaimsPrincipal principal) =>
        principal.Identity is { IsAuthenticated: true } identity
            ? principal.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? principal.FindFirst("sub")?.Value ?? identity.Name
            : null;
}
