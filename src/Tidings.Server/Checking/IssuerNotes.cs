namespace Tidings.Server.Checking;

/// <summary>What is good to know about issuers of tokens.</summary>
internal static class IssuerNotes
{
    public static IEnumerable<string> Of(JwtOptions jwt)
    {
        List<string> unprefixed = [.. jwt.Issuers.Index().Where(static one => string.IsNullOrEmpty(one.Item.UserPrefix)).Select(static one => $"Tidings:Jwt:Issuers:{one.Index}")];
        var own = (jwt.Authority is not null || jwt.JwksUrl is not null ? 1 : 0) + (jwt.Secret is not null || jwt.Keys.Count > 0 ? 1 : 0);
        if (unprefixed.Count + own > 1)
        {
            var mend = unprefixed is [.., var last] ? $"Set {last}:UserPrefix, as google:," : "Say the one with Authority or JwksUrl in Tidings:Jwt:Issuers:0, with a UserPrefix,";
            yield return $"Tidings:Jwt takes tokens of several issuers, and one id is one user whoever issued it. {mend} unless their ids are the same people.";
        }

        foreach (var address in new[] { jwt.Authority, jwt.JwksUrl }.Concat(jwt.Issuers.SelectMany(static issuer => new[] { issuer.Authority, issuer.JwksUrl })))
        {
            if (address?.StartsWith("http://", StringComparison.OrdinalIgnoreCase) == true)
            {
                yield return $"{address} is fetched over plain HTTP: whoever answers on that port of this machine decides who is who.";
            }
        }

        foreach (var (name, claim) in jwt.Issuers.Select(static (issuer, index) => ($"Tidings:Jwt:Issuers:{index}:UserClaim", issuer.UserClaim)).Prepend(("Tidings:Jwt:UserClaim", jwt.UserClaim)))
        {
            if (claim is "preferred_username" or "name" or "nickname" or "upn")
            {
                yield return $"{name} is {claim}, which people can change and others can take over. sub stays the same.";
            }
        }
    }
}
