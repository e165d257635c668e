using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Tidings.AspNetCore.Authentication;

/// <summary>What a route asks of those who come.</summary>
/// <param name="Methods">The ways that it accepts.</param>
/// <param name="Required">Whether nobody anonymous is taken in.</param>
internal sealed record AuthenticationRule(AuthenticationMethods Methods, bool Required)
{
    /// <summary>The rule of a request's route: its own, or that of the options.</summary>
    public static AuthenticationRule Of(HttpContext context, AuthenticationRule otherwise)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        var rule = metadata?.GetMetadata<AuthenticationRule>() ?? otherwise;
        return rule.Required && metadata?.GetMetadata<IAllowAnonymous>() is not null ? rule with { Required = false } : rule;
    }

    /// <summary>Whether a route with this metadata takes in nobody anonymous, by Tidings' rule or by the application's authorization.</summary>
    public static bool IsRequiredBy(IEnumerable<object> metadata)
    {
        var required = false;
        foreach (var item in metadata)
        {
            if (item is IAllowAnonymous)
            {
                return false;
            }

            required |= item is AuthenticationRule { Required: true } or IAuthorizeData or AuthorizationPolicy;
        }

        return required;
    }
}
