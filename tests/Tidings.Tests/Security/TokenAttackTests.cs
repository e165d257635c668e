using Tidings.Security.Tokens;
using static Tidings.Tests.Security.TokenForge;

namespace Tidings.Tests.Security;

/// <summary>B16, B25: every attack is refused, by a server with every kind of key and by those with one, and for the reason that it is one.</summary>
public sealed class TokenAttackTests
{
    private static readonly Dictionary<string, TokenAttack> s_attacks =
        TokenHeaderAttacks.All().Concat(TokenClaimAttacks.All()).Concat(TokenShapeAttacks.All()).ToDictionary(attack => attack.Id);

    private static readonly TokenValidator s_every = Validator(Hs256, Rs256, Es256);

    private static readonly TokenValidator[] s_single = [Validator(Hs256), Validator(Rs256), Validator(Es256)];

    public static TheoryData<string> Ids() => [.. s_attacks.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void B25_attack_is_refused(string id)
    {
        TokenAttack attack = s_attacks[id];

        TokenResult result = s_every.Validate(attack.Token);

        Assert.False(result.IsValid);
        Assert.Null(result.Identity);
        Assert.Equal(attack.Expected, result.Failure);
        Assert.All(s_single, validator => Assert.False(validator.Validate(attack.Token).IsValid));
    }

    [Fact]
    public void B25_has_at_least_80_attacks() => Assert.InRange(s_attacks.Count, 80, int.MaxValue);

    [Fact]
    public void Tokens_that_the_attacks_are_made_from_are_accepted()
    {
        Assert.True(s_every.Validate(Sign(HsHeader, Payload)).IsValid);
        Assert.True(s_every.Validate(Sign("""{"alg":"HS256"}""", """{"sub":"ada"}""")).IsValid);
        Assert.True(s_every.Validate(Sign("""{"alg":"HS256"} """, """{"sub":"ada"} """)).IsValid);
        Assert.True(s_every.Validate(Sign(RsHeader, Payload, Rs256)).IsValid);
        Assert.True(s_every.Validate(Sign(EsHeader, Payload, Es256)).IsValid);
        Assert.True(s_every.Validate(Hmac(HsHeader, System.Text.Encoding.UTF8.GetBytes(Secret))).IsValid);
        Assert.True(s_every.Validate(HmacOverText(Encode(HsHeader), Encode(Payload))).IsValid);
    }

    [Fact]
    public void B24_nothing_of_the_token_is_in_the_result()
    {
        Assert.Equal("Signature", s_every.Validate(Hmac(HsHeader, [])).ToString());
        Assert.Equal("Valid", s_every.Validate(Sign(HsHeader, Payload)).ToString());
        Assert.False(default(TokenResult).IsValid);
    }
}
