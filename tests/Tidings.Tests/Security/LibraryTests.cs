using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>Our checks beside those of Microsoft.IdentityModel.JsonWebTokens, as strict as its settings make it (docs/decisions/019-who-checks-tokens.md).</summary>
public sealed class LibraryTests(ITestOutputHelper output)
{
    private static readonly DateTime Now = new TokenClock().Now.UtcDateTime;

    private static readonly JsonWebTokenHandler Library = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = 8192 };

    private static readonly TokenValidationParameters Strict = new()
    {
        IssuerSigningKeys =
        [
            new SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes(Secret)) { KeyId = "hs" },
            new RsaSecurityKey(Rsa.ExportParameters(false)) { KeyId = "rs" },
            new ECDsaSecurityKey(Ec) { KeyId = "es" },
        ],
        ValidAlgorithms = ["HS256", "RS256", "ES256"],
        ValidTypes = ["JWT", "at+jwt"],
        ValidateIssuer = false,
        ValidateAudience = false,
        RequireExpirationTime = false,
        RequireSignedTokens = true,
        TryAllIssuerSigningKeys = false,
        IncludeTokenOnFailedValidation = false,
        LifetimeValidator = static (notBefore, expires, _, _) => !(expires <= Now) && !(notBefore > Now.AddSeconds(30)),
    };

    public static TheoryData<string> Algorithms => ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task What_one_signs_the_other_accepts(string name)
    {
        var algorithm = Enum.Parse<TokenAlgorithm>(name);
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(name switch { "ES384" => ECCurve.NamedCurves.nistP384, "ES512" => ECCurve.NamedCurves.nistP521, _ => ECCurve.NamedCurves.nistP256 });
        var secret = RandomNumberGenerator.GetBytes(64);
        SecurityKey theirs = name[0] switch { 'H' => new SymmetricSecurityKey(secret), 'E' => new ECDsaSecurityKey(ec), _ => new RsaSecurityKey(rsa) };
        TokenKey ours = name[0] switch
        {
            'H' => TokenKey.FromSecret(algorithm, secret, "k"),
            'E' => TokenKey.FromPem(algorithm, ec.ExportPkcs8PrivateKeyPem(), "k"),
            _ => TokenKey.FromPem(algorithm, rsa.ExportPkcs8PrivateKeyPem(), "k"),
        };
        theirs.KeyId = "k";
        var signed = new JsonWebTokenHandler().CreateToken("""{"sub":"ada","exp":1800003600}""", new SigningCredentials(theirs, name));
        Assert.Equal("ada", Validator(ours).Validate(signed).Identity!.Subject);
        var parameters = Strict.Clone();
        (parameters.IssuerSigningKeys, parameters.ValidAlgorithms) = ([theirs], [name]);
        var checkedByThem = await Library.ValidateTokenAsync(new TokenWriter(ours).Sign("""{"sub":"ada","exp":1800003600}"""u8), parameters);
        Assert.True(checkedByThem.IsValid, checkedByThem.Exception?.ToString());
    }

    /// <summary>Not a test: run it with <c>-explicit only</c> to see which attacks the library takes for good tokens, and what a check costs either side.</summary>
    [Fact(Explicit = true)]
    public async Task Report()
    {
        var attacks = TokenHeaderAttacks.All().Concat(TokenClaimAttacks.All()).Concat(TokenShapeAttacks.All()).ToList();
        var accepted = new List<string>();
        var slowest = ("", 0.0);
        foreach (var attack in attacks)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                if ((await Library.ValidateTokenAsync(attack.Token, Strict)).IsValid)
                {
                    accepted.Add($"{attack.Id} ({attack.Expected})");
                }
            }
            catch (Exception error)
            {
                accepted.Add($"{attack.Id} throws {error.GetType().Name}");
            }

            var took = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            slowest = took > slowest.Item2 ? (attack.Id, took) : slowest;
        }

        output.WriteLine($"the library accepts {accepted.Count} of {attacks.Count} attacks; the slowest refusal: {slowest}");
        foreach (var group in accepted.GroupBy(static id => id[(id.LastIndexOf('(') + 1)..].TrimEnd(')')))
        {
            output.WriteLine($"  {group.Key}: {group.Count()}");
        }

        accepted.ForEach(id => output.WriteLine("    " + id[..Math.Min(id.Length, 120)]));
        var ours = Validator(Hs256, Rs256, Es256);
        foreach (var (name, token) in new[] { ("HS256", Sign(HsHeader, Payload)), ("RS256", Sign(RsHeader, Payload, Rs256)), ("ES256", Sign(EsHeader, Payload, Es256)) })
        {
            var (own, ownBytes) = await MeasureAsync(() => Task.FromResult(ours.Validate(token).IsValid));
            var (theirs, theirBytes) = await MeasureAsync(async () => (await Library.ValidateTokenAsync(token, Strict)).IsValid);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: ours {own:F2} µs {ownBytes:F0} B, the library {theirs:F2} µs {theirBytes:F0} B, {theirs / own:F1} times"));
        }
    }

    private static async Task<(double Microseconds, double Bytes)> MeasureAsync(Func<Task<bool>> check)
    {
        const int Count = 50;
        for (var i = 0; i < 10_000; i++)
        {
            Assert.True(await check());
        }

        var (best, bytes) = (double.MaxValue, 0L);
        for (var round = 0; round < 200; round++)
        {
            var (allocated, start) = (GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
            for (var i = 0; i < Count; i++)
            {
                await check();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / Count);
            bytes = GC.GetTotalAllocatedBytes() - allocated;
        }

        return (best, (double)bytes / Count);
    }
}
