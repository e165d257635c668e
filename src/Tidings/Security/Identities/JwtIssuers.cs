using Tidings.Options;
using Tidings.Protocol;
using Tidings.Security.Issuers;
using Tidings.Security.Tokens;

namespace Tidings.Security.Identities;

/// <summary>Makes issuers of what the options say of keys and issuers, and finds every fault in it.</summary>
internal static class JwtIssuers
{
    private const int Most = 16;

    /// <param name="options">The options.</param>
    /// <param name="kept">Names of claims that rules of channels ask for.</param>
    /// <param name="faults">What is wrong; the issuers are then not to be used.</param>
    /// <returns>None where no token is accepted.</returns>
    public static IReadOnlyList<IssuerSettings> Read(JwtOptions options, IEnumerable<string> kept, out IReadOnlyList<string> faults)
    {
        var keys = JwtKeys.Read(options, out var keyFaults);
        List<string> found = [.. keyFaults];
        var issuers = new List<IssuerSettings>();
        var roles = Roles(options, found);
        IReadOnlyList<ClaimPath> paths = [.. kept.Distinct(StringComparer.Ordinal).Select(static name => new ClaimPath(name))];
        var own = new JwtIssuerOptions
        {
            Issuer = options.Issuer, Authority = options.Authority, JwksUrl = options.JwksUrl, Audience = options.Audience, AudienceClaim = options.AudienceClaim,
            UserClaim = options.UserClaim, ChannelsClaim = options.ChannelsClaim, RolesClaim = options.RolesClaim,
        };
        if (keys.Count > 0)
        {
            issuers.Add(new IssuerSettings { Keys = keys, Mapping = MappingOf("Tidings:Jwt:", own, roles, paths, found) });
        }

        if (options.Authority is not null || options.JwksUrl is not null)
        {
            issuers.Add(Remote("Tidings:Jwt:", own, options.Algorithms, MappingOf("Tidings:Jwt:", own, roles, paths, found), found));
        }

        foreach (var (index, issuer) in options.Issuers.Index())
        {
            var group = $"Tidings:Jwt:Issuers:{index}:";
            if (issuer is { Issuer: null, Authority: null })
            {
                found.Add($"{group}Issuer is missing; without Authority it says whose tokens these are.");
            }

            issuers.Add(Remote(group, issuer, issuer.Algorithms, MappingOf(group, issuer, roles, paths, found), found));
        }

        if (options.Issuers.Count > Most)
        {
            found.Add($"Tidings:Jwt:Issuers has {options.Issuers.Count} issuers; at most {Most} are taken.");
        }

        foreach (var twice in issuers.Where(static one => one.Location is not null).GroupBy(static one => one.Mapping.Issuer ?? one.Location!.Name.TrimEnd('/')).Where(static same => same.Count() > 1))
        {
            found.Add($"Tidings:Jwt has two issuers \"{OptionFault.Shown(twice.Key)}\"; a token's iss must choose one.");
        }

        if (keys.Count > 0 && (options.JwksUrl is not null || (options.Authority is not null && options.Issuer is not null)))
        {
            found.Add("Tidings:Jwt has keys of its own and fetched ones for the same issuer; say the fetched ones in Tidings:Jwt:Issuers:0, with what iss is there.");
        }

        faults = [.. found.Distinct()];
        return [.. issuers.Select(one => one with { Mapping = one.Mapping with { OtherPrefixes = OtherPrefixes(one.Mapping.UserPrefix, issuers) } })];
    }

    // A shorter prefix must not reach into a longer one: "" with the id "google:7" would be the user 7 of "google:".
    private static List<string> OtherPrefixes(string own, IEnumerable<IssuerSettings> issuers) =>
        [.. issuers.Select(static one => one.Mapping.UserPrefix).Where(other => other.Length > own.Length && other.StartsWith(own, StringComparison.Ordinal)).Distinct()];

    private static IssuerSettings Remote(string group, JwtIssuerOptions options, IList<TokenAlgorithm> algorithms, ClaimMapping mapping, List<string> faults)
    {
        if (options.Authority is not null == options.JwksUrl is not null)
        {
            faults.Add($"{group}Authority or {group}JwksUrl says where keys are: one of them, and not both.");
        }

        foreach (var (name, address) in new[] { (nameof(options.Authority), options.Authority), (nameof(options.JwksUrl), options.JwksUrl) })
        {
            if (address is not null && KeyLocation.Fault(address) is { } right)
            {
                faults.Add(OptionFault.Of<JwtIssuerOptions>(name, group + name, address, right));
            }
            else if (name == nameof(options.Authority) && address?.Contains('?', StringComparison.Ordinal) == true)
            {
                faults.Add($"{group}Authority has a query; name its keys by JwksUrl instead.");
            }
        }

        if (options.Audience is null)
        {
            faults.Add($"{group}Audience is missing; without it, tokens that the issuer made for others would be accepted.");
        }

        if (algorithms.Any(static one => one.Kind() == TokenKeyKind.Secret))
        {
            faults.Add($"{group}Algorithms names an HS algorithm; a key that is published is no secret: RS, PS and ES algorithms are taken.");
        }

        return new IssuerSettings
        {
            Location = new KeyLocation(options.JwksUrl is null ? options.Authority ?? "" : null, options.JwksUrl, options.Issuer) { Algorithms = AlgorithmList.Of(algorithms) },
            Mapping = mapping,
        };
    }

    private static ClaimMapping MappingOf(
        string group, JwtIssuerOptions options, IReadOnlyDictionary<string, IReadOnlyList<TokenPermission>> roles, IReadOnlyList<ClaimPath> kept, List<string> faults)
    {
        foreach (var (name, value) in new[] { ("AudienceClaim", options.AudienceClaim), ("UserClaim", options.UserClaim), ("ChannelsClaim", options.ChannelsClaim), ("RolesClaim", options.RolesClaim ?? "-") })
        {
            if (value.Length is 0 or > 255)
            {
                faults.Add($"{group}{name} must be the name of a claim, of 1 to 255 characters.");
            }
        }

        foreach (var pattern in options.Channels)
        {
            if (ChannelPattern.Fault(pattern) is { } fault)
            {
                faults.Add($"{group}Channels has \"{OptionFault.Shown(pattern)}\"; it {fault}.");
            }
        }

        return new ClaimMapping
        {
            Issuer = options.Issuer,
            AudienceName = options.Audience,
            Audience = new ClaimPath(options.AudienceClaim),
            User = new ClaimPath(options.UserClaim),
            UserPrefix = options.UserPrefix ?? "",
            Channels = new ClaimPath(options.ChannelsClaim),
            Roles = options.RolesClaim is { } claim ? new ClaimPath(claim) : null,
            RoleChannels = roles,
            Within = options.Channels.Count == 0 ? null : [.. options.Channels],
            Kept = kept,
        };
    }

    private static Dictionary<string, IReadOnlyList<TokenPermission>> Roles(JwtOptions options, List<string> faults)
    {
        var roles = new Dictionary<string, IReadOnlyList<TokenPermission>>(StringComparer.Ordinal);
        foreach (var (index, role) in options.Roles.Index())
        {
            var granted = new List<TokenPermission>();
            foreach (var text in role.Channels)
            {
                if (TokenPermissions.TryParse(text, out var permission) && ChannelPattern.Fault(permission.Pattern) is null)
                {
                    granted.Add(permission);
                }
                else
                {
                    faults.Add($"Tidings:Jwt:Roles:{index}:Channels has \"{OptionFault.Shown(text)}\"; it must be a pattern and what it allows, as chat:*=subscribe,publish,presence,history.");
                }
            }

            if (role.Role.Length == 0 || !roles.TryAdd(role.Role, granted))
            {
                faults.Add($"Tidings:Jwt:Roles:{index}:Role is missing, or there twice.");
            }
        }

        if (options.Roles.Count > 0 && options.RolesClaim is null && options.Issuers.All(static issuer => issuer.RolesClaim is null))
        {
            faults.Add("Tidings:Jwt:Roles says what roles grant, and nothing says which claim has them: set Tidings:Jwt:RolesClaim.");
        }

        return roles;
    }
}
