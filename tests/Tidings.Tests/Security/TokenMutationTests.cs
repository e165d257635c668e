using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>B25: whatever is changed, cut off or added, it is another token and refused.</summary>
public sealed class TokenMutationTests
{
    private const string Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é{\"";

    private static readonly TokenValidator s_validator = Validator(Hs256, Rs256, Es256);

    public static TheoryData<string> Algorithms() => ["HS256", "RS256", "ES256"];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Every_flipped_bit_of_the_signature_is_refused(string algorithm)
    {
        string token = Good(algorithm);
        byte[] signature = SignatureOf(token);
        for (int bit = 0; bit < signature.Length * 8; bit++)
        {
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(TokenFailure.Signature, s_validator.Validate(WithSignature(token, signature)).Failure);
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Every_shorter_or_longer_token_is_refused(string algorithm)
    {
        string token = Good(algorithm);
        for (int length = 0; length < token.Length; length++)
        {
            Assert.False(s_validator.Validate(token.AsSpan(0, length)).IsValid);
            Assert.False(s_validator.Validate(token.AsSpan(token.Length - length)).IsValid);
            Assert.False(s_validator.Validate(token.Remove(length, 1)).IsValid);
        }

        foreach (char c in Characters)
        {
            Assert.False(s_validator.Validate(token + c).IsValid);
            Assert.False(s_validator.Validate(c + token).IsValid);
        }
    }

    [Fact]
    public void Every_other_character_in_every_place_is_refused()
    {
        char[] token = Good("HS256").ToCharArray();
        for (int i = 0; i < token.Length; i++)
        {
            char original = token[i];
            foreach (char c in Characters)
            {
                token[i] = c;
                Assert.Equal(c == original, s_validator.Validate(token).IsValid);
            }

            token[i] = original;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_text_is_refused_without_an_exception(int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < 20_000; i++)
        {
            char[] text = random.GetItems<char>("eyJhbGciOiJIUzI1NiJ9.AQ_-=. \0é", random.Next(200));
            Assert.False(s_validator.Validate(text).IsValid);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Random_json_that_is_well_signed_is_judged_without_an_exception(int seed)
    {
        var random = new Random(seed);
        string[] pieces = ["{", "}", "[", "]", ":", ",", "\"sub\"", "\"ada\"", "\"exp\"", "1900000000", "1e400", "-1", "null", "true", "\"channels\"", "\"\\ud800\"", "\"\\u0000\"", "\"aud\"", "\"iss\"", " ", "\"alg\"", "\"HS256\"", "\"kid\""];
        for (int i = 0; i < 20_000; i++)
        {
            string json = string.Concat(random.GetItems(pieces, random.Next(1, 16)));
            _ = s_validator.Validate(Sign(HsHeader, "{\"sub\":\"ada\"," + json));
            _ = s_validator.Validate(Sign("{\"alg\":\"HS256\"," + json, Payload));
        }
    }

    private static string Good(string algorithm) => algorithm switch
    {
        "HS256" => Sign(HsHeader, Payload),
        "RS256" => Sign(RsHeader, Payload, Rs256),
        _ => Sign(EsHeader, Payload, Es256),
    };
}
