using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>What a check costs, beside that of an ordinary token in the same run: B25's bound of 1 ms is about 200 of these.</summary>
public sealed class TokenCostTests(ITestOutputHelper output)
{
    private static readonly TokenValidator s_validator = Validator(Hs256, Rs256, Es256);

    public static TheoryData<string, string> Hostile() => new()
    {
        { "header of brackets", Sign(new string('[', 6000), "{}") },
        { "header of members", Sign($"{{{string.Join(',', Enumerable.Range(0, 600).Select(i => $"\"{i:x}\":1"))},\"0\":1}}", "{}") },
        { "header that ends early", Sign($"{{\"alg\":\"HS256\",\"x\":\"{new string('a', 5800)}", "{}") },
        { "payload of brackets", Sign(HsHeader, new string('[', 5900)) },
        { "payload of members", Sign(HsHeader, $"{{{string.Join(',', Enumerable.Range(0, 700).Select(i => $"\"{i:x}\":1"))}}}") },
        { "payload of escapes", Sign(HsHeader, $"{{{string.Join(',', Enumerable.Range(0, 300).Select(i => $"\"\\u00{i % 90 + 10:00}{i:x}\":1"))}}}") },
        { "payload of digits", Sign(HsHeader, $"{{\"sub\":\"ada\",\"exp\":{new string('9', 5800)}}}") },
        { "signature of nothing", Input(HsHeader) + "." + new string('A', 7800) },
        { "characters without a dot", new string('A', 8192) },
        { "dots", new string('.', 8192) },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void B25_refusing_8_KB_takes_no_longer_than_200_ordinary_checks(string name, string token)
    {
        Assert.InRange(token.Length, 2000, 8192);
        Assert.False(s_validator.Validate(token).IsValid);
        (double microseconds, _) = Measure(s_validator, token, 20, 20);
        (double ordinary, _) = Measure(s_validator, Sign(HsHeader, Payload), 20, 20);
        output.WriteLine($"{name}: {microseconds:F1} µs; an ordinary token: {ordinary:F1} µs");
        Assert.InRange(microseconds / ordinary, 0, 200);
    }

    /// <summary>Not a test: run it with <c>-explicit only</c> to see today's numbers.</summary>
    [Fact(Explicit = true)]
    public void Report()
    {
        TokenKey es512 = TokenKey.FromPem(TokenAlgorithm.ES512, TokenHeaderAttacks.NewEc(ECCurve.NamedCurves.nistP521), "es512");
        TokenKey es384 = TokenKey.FromPem(TokenAlgorithm.ES384, TokenHeaderAttacks.NewEc(ECCurve.NamedCurves.nistP384), "es384");
        TokenValidator validator = Validator(Hs256, Rs256, Es256, es384, es512);
        (string Name, string Token)[] cases =
        [
            ("HS256", Sign(HsHeader, Payload)), ("RS256", Sign(RsHeader, Payload, Rs256)), ("ES256", Sign(EsHeader, Payload, Es256)), ("ES384", new TokenWriter(es384).Sign("{\"sub\":\"a\"}"u8)), ("ES512", new TokenWriter(es512).Sign("{\"sub\":\"a\"}"u8)),
            ("HS256, smallest", Sign("""{"alg":"HS256"}""", """{"sub":"ada"}""")), ("wrong signature", Hmac(HsHeader, [])), ("alg none", Input("""{"alg":"none"}""") + "."), ("broken header", Sign("{", Payload)), ("expired", Sign(HsHeader, """{"sub":"ada","exp":1}""")), ("not base64", "ey J.e30.AA"), ("HS256, warm", Sign(HsHeader, Payload)),
        ];
        foreach ((string name, string token) in cases)
        {
            // Long enough for the tiered compiler; then short rounds, of which one is not interrupted.
            Measure(validator, token, 20_000, 1);
            (double microseconds, double bytes) = Measure(validator, token, 20, 300);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-20} {microseconds,8:F2} µs {bytes,8:F0} B"));
        }

        string held = Sign(HsHeader, Payload);
        long before = GC.GetTotalMemory(true);
        TokenIdentity?[] identities = [.. Enumerable.Range(0, 10_000).Select(_ => validator.Validate(held).Identity)];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"an identity holds {(GC.GetTotalMemory(true) - before) / identities.Length - 8} B"));
        GC.KeepAlive(identities);
    }

    private static (double Microseconds, double Bytes) Measure(TokenValidator validator, string token, int count, int rounds)
    {
        double best = double.MaxValue;
        long bytes = 0;
        for (int round = 0; round < rounds; round++)
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            for (int i = 0; i < count; i++)
            {
                validator.Validate(token);
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / count);
            bytes = GC.GetAllocatedBytesForCurrentThread() - allocated;
        }

        return (best, (double)bytes / count);
    }
}
