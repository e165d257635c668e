using System.Text.Json;
using Tidings.Security.Identities;
using Tidings.Security.Tokens;

namespace Tidings.Tests.Security;

/// <summary>What is wrong with options about issuers is said before the server starts, each under its key.</summary>
public sealed class JwtIssuersTests
{
    public static TheoryData<string, string> Wrong => new()
    {
        { "authority without audience", "Tidings:Jwt:Audience is missing" },
        { "keys without audience", "Tidings:Jwt:Audience is missing" },
        { "plain http", "Tidings:Jwt:Authority is \"http://issuer.example/\"; it must be https://" },
        { "a user in it", "it must be https://" },
        { "a file", "it must be https://" },
        { "a query", "Tidings:Jwt:Authority has a query" },
        { "both", "one of them, and not both" },
        { "shared secrets", "Tidings:Jwt:Algorithms names an HS algorithm" },
        { "an issuer without a name", "Tidings:Jwt:Issuers:0:Issuer is missing" },
        { "one twice", "has two issuers" },
        { "a pattern that is none", "Tidings:Jwt:Issuers:0:Channels has \"a b\"" },
        { "roles that nobody has", "set Tidings:Jwt:RolesClaim" },
        { "a role that grants what there is not", "Tidings:Jwt:Roles:0:Channels has" },
        { "a role twice", "Tidings:Jwt:Roles:1:Role is missing, or there twice" },
        { "keys of two kinds for one issuer", "Tidings:Jwt:Issuers:0" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void It_is_named_with_what_would_be_right(string what, string expected)
    {
        JwtIssuers.Read(Make(what), [], out var faults);
        Assert.Contains(faults, fault => fault.Contains(expected, StringComparison.Ordinal));
        Assert.All(faults, static fault => Assert.DoesNotContain('\n', fault));
    }

    [Theory]
    [InlineData("https://issuer.example")]
    [InlineData("https://issuer.example/realms/shop/")]
    [InlineData("http://127.0.0.1:8080/realms/shop")]
    [InlineData("http://localhost:8080")]
    [InlineData("http://[::1]:8080")]
    public void Addresses_are_https_or_this_machine_s(string authority)
    {
        var issuers = JwtIssuers.Read(new JwtOptions { Authority = authority, Audience = "push" }, [], out var faults);
        Assert.Empty(faults);
        Assert.Single(issuers);
    }

    [Theory]
    [InlineData("", "7", true)]
    [InlineData("", "google:7", false)]
    [InlineData("", "google:x:7", false)]
    [InlineData("google:", "7", true)]
    [InlineData("google:", "x:7", false)]
    [InlineData("google:x:", "7", true)]
    public void No_id_reaches_into_the_users_of_an_issuer_with_a_longer_prefix(string prefix, string sub, bool isUser)
    {
        var options = new JwtOptions { Authority = "https://issuer.example/", Audience = "push" };
        foreach (var other in new[] { "google:", "google:x:" })
        {
            options.Issuers.Add(new JwtIssuerOptions { Authority = $"https://{other.Length}.example/", Audience = "push", UserPrefix = other });
        }

        var mapping = Assert.Single(JwtIssuers.Read(options, [], out _), issuer => issuer.Mapping.UserPrefix == prefix).Mapping;
        Assert.Equal(isUser, MappedClaims.TryReadUser(JsonSerializer.SerializeToElement(new { sub }), mapping, out _));
    }

    private static JwtOptions Make(string what)
    {
        var options = new JwtOptions { Authority = "https://issuer.example/", Audience = "push" };
        switch (what)
        {
            case "authority without audience":
                options.Audience = null;
                break;
            case "keys without audience":
                (options.Authority, options.JwksUrl, options.Audience) = (null, "https://issuer.example/keys", null);
                break;
            case "plain http":
                options.Authority = "http://issuer.example/";
                break;
            case "a user in it":
                options.Authority = "https://user:password@issuer.example/";
                break;
            case "a file":
                options.Authority = "file:///etc/passwd";
                break;
            case "a query":
                options.Authority = "https://issuer.example/?p=1";
                break;
            case "both":
                options.JwksUrl = "https://issuer.example/keys";
                break;
            case "shared secrets":
                options.Algorithms.Add(TokenAlgorithm.HS256);
                break;
            case "an issuer without a name":
                options.Issuers.Add(new JwtIssuerOptions { JwksUrl = "https://other.example/keys", Audience = "push" });
                break;
            case "one twice":
                options.Issuers.Add(new JwtIssuerOptions { Authority = "https://issuer.example", Audience = "pull" });
                break;
            case "a pattern that is none":
                options.Issuers.Add(new JwtIssuerOptions { Authority = "https://other.example", Audience = "push", Channels = { "a b" } });
                break;
            case "roles that nobody has":
                options.Roles.Add(new JwtRoleOptions { Role = "editor", Channels = { "a=subscribe" } });
                break;
            case "a role that grants what there is not":
                options.RolesClaim = "roles";
                options.Roles.Add(new JwtRoleOptions { Role = "editor", Channels = { "a=admin" } });
                break;
            case "a role twice":
                options.RolesClaim = "roles";
                options.Roles.Add(new JwtRoleOptions { Role = "editor" });
                options.Roles.Add(new JwtRoleOptions { Role = "editor" });
                break;
            case "keys of two kinds for one issuer":
                (options.Secret, options.Issuer) = ("a secret of the tests, 32 bytes or more", "https://issuer.example/");
                break;
        }

        return options;
    }
}
