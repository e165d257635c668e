using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tidings.Security;
using Tidings.Security.Tokens;

namespace Tidings.Server.Tokens;

/// <summary>What a server of this configuration would make of a token, and why.</summary>
/// <param name="Check"><c>valid</c>, <c>refused</c>, or <c>none</c> where there is no key to check it with.</param>
/// <param name="Reason">Why it is refused, or not checked.</param>
/// <param name="Details">What helps to find the fault. What others wrote is escaped.</param>
internal sealed record TokenTrial(string Check, string? Reason, IReadOnlyList<string> Details)
{
    public const string Refused = "refused";

    /// <summary>Fetches what issuers publish, and checks the token.</summary>
    public static async Task<TokenTrial> JudgeAsync(string token, JsonElement header, JsonElement payload, TokenIssuers accepted)
    {
        if (accepted.Issuers.Count == 0)
        {
            return new TokenTrial("none", "no key was named", []);
        }

        using var authenticator = new JwtAuthenticator(accepted.Issuers, accepted.Options.Validation(), TimeProvider.System, NullLogger.Instance);
        await authenticator.StartAsync();
        var result = authenticator.Check(token);
        return result.IsValid
            ? new TokenTrial("valid", null, Describe(result.Identity))
            : new TokenTrial(Refused, Explain(result.Failure), [.. DetailsOf(result.Failure, header, payload, accepted, authenticator)]);
    }

    private static List<string> Describe(TokenIdentity identity)
    {
        List<string> details = [identity.Channel is { } channel ? $"it grants one subscription, to {Quoted(channel)}, on connections of {Quoted(identity.Subject)}" : $"a connection with it is {Quoted(identity.Subject)}'s"];
        if (identity.Permissions is { } permissions)
        {
            details.Add(permissions.Count == 0 ? "it grants no channel" : $"it grants {string.Join(", ", permissions.Select(static one => $"{Quoted(one.Pattern)} {one.Actions.ToString().ToLowerInvariant()}"))}");
        }

        if (identity.Within is { } within)
        {
            details.Add($"of these only what matches {string.Join(" or ", within.Select(Quoted))}, as the issuer's tokens may name no others");
        }

        return details;
    }

    private static IEnumerable<string> DetailsOf(TokenFailure failure, JsonElement header, JsonElement payload, TokenIssuers accepted, JwtAuthenticator authenticator)
    {
        foreach (var remote in authenticator.Remotes.Where(static remote => remote.Fault is not null))
        {
            yield return $"{remote.Location.Name}: {remote.Fault}";
        }

        switch (failure)
        {
            case TokenFailure.Algorithm or TokenFailure.UnknownKey or TokenFailure.Signature:
                yield return $"its alg is {Shown(header, "alg")}, its kid {Shown(header, "kid")}";
                var keys = accepted.Issuers.SelectMany(static issuer => issuer.Keys).Concat(authenticator.Remotes.SelectMany(static remote => remote.Current?.Keys ?? []));
                yield return $"there are the keys {string.Join(", ", keys.Select(static key => $"{key.AlgorithmName} {(key.Id is { } id ? Quoted(id) : "without an id")}"))}";
                break;
            case TokenFailure.Issuer:
                var names = accepted.Issuers.Select(static issuer => issuer.Mapping.Issuer).Concat(authenticator.Remotes.Select(static remote => remote.Current?.Issuer)).OfType<string>().Distinct();
                yield return $"its iss is {Shown(payload, "iss")}; accepted is {string.Join(" or ", names.Select(Quoted))}";
                break;
            case TokenFailure.Audience:
                foreach (var mapping in accepted.Issuers.Select(static issuer => issuer.Mapping).DistinctBy(static mapping => (mapping.Audience.Name, mapping.AudienceName)))
                {
                    yield return $"its {mapping.Audience.Name} is {Shown(payload, mapping.Audience.Name)}; accepted is {(mapping.AudienceName is { } name ? Quoted(name) : "none at all, as Tidings:Jwt:Audience is not set")}";
                }

                break;
            case TokenFailure.Subject:
                foreach (var claim in accepted.Issuers.Select(static issuer => issuer.Mapping.User.Name).Distinct())
                {
                    yield return $"its {claim} is {Shown(payload, claim)}{(claim == "email" ? $", and its email_verified {Shown(payload, "email_verified")}" : "")}";
                }

                break;
            case TokenFailure.Expired or TokenFailure.NotYetValid or TokenFailure.Lifetime:
                yield return string.Create(CultureInfo.InvariantCulture, $"this machine's clock says {TimeProvider.System.GetUtcNow():u}");
                break;
        }
    }

    private static string Shown(JsonElement claims, string name) => new ClaimPath(name).TryFind(claims, out var value) ? JsonSerializer.Serialize(value) : "absent";

    private static string Quoted(string text) => JsonSerializer.Serialize(text);

    private static string Explain(TokenFailure failure) => failure switch
    {
        TokenFailure.TooLong => "it has over 8,192 characters",
        TokenFailure.Malformed => "its parts are not strict base64url",
        TokenFailure.Header => "its header has a member twice, or asks for what is not done here",
        TokenFailure.Algorithm => "no key has its algorithm",
        TokenFailure.UnknownKey => "no key of its algorithm has its kid",
        TokenFailure.Signature => "the signature is not the key's",
        TokenFailure.Claims => "a claim occurs twice or is of the wrong form",
        TokenFailure.Subject => "the claim of the user (sub, or UserClaim) is missing or cannot be one",
        TokenFailure.Expired => "it has expired, or has no exp where one is required",
        TokenFailure.NotYetValid => "it does not hold yet",
        TokenFailure.Lifetime => "it holds longer than Tidings:Jwt:MaxLifetime",
        TokenFailure.Issuer => "iss is not a configured issuer",
        TokenFailure.Audience => "aud does not name the configured audience, or names one where none is configured",
        TokenFailure.NoKeys => "the issuer's keys could not be fetched",
        _ => "channels holds what cannot be a permission",
    };
}
