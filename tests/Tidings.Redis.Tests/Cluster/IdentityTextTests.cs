using System.Text;
using Tidings.Security.Identities;

namespace Tidings.Redis.Tests.Cluster;

/// <summary>What stands behind a ticket is read as strictly as a hook's answer: whatever is not understood could be what limits its user.</summary>
public sealed class IdentityTextTests
{
    [Theory]
    [InlineData("""{"user":"bob","expires":9,"issued":1}""", true)]
    [InlineData("""{"user":"bob","tokenId":"t","expires":9,"issued":0,"here":true,"seen":5,"channels":{},"send":false}""", true)]
    [InlineData("""{"user":"bob","expires":9,"issued":1,"only":"chat:*"}""", false)]
    [InlineData("""{"user":"bob","expires":9,"issued":1,"channels":null}""", false)]
    [InlineData("""{"user":"bob","expires":9,"issued":1,"tokenId":null}""", false)]
    [InlineData("""{"user":"bob","expires":9,"issued":1,"seen":"5"}""", false)]
    [InlineData("""{"user":"bob","user":"eve","expires":9,"issued":1}""", false)]
    [InlineData("""{"user":"bob","expires":"9","issued":1}""", false)]
    [InlineData("""{"user":"bob","issued":1}""", false)]
    [InlineData("""{"user":42,"expires":9,"issued":1}""", false)]
    [InlineData("""{"User":"bob","expires":9,"issued":1}""", false)]
    [InlineData("""[]""", false)]
    [InlineData("""null""", false)]
    [InlineData("", false)]
    public void Only_what_nodes_write_is_an_identity(string text, bool isOne) => Assert.Equal(isOne, IdentityText.Decode(Encoding.UTF8.GetBytes(text)) is not null);

    [Fact]
    public void What_is_written_is_read()
    {
        var identity = new Identity { User = "bob", TokenId = "t", ExpiresAt = 9, IssuedAt = 0, SeenAt = 5 };
        var read = IdentityText.Decode(IdentityText.Encode(identity))!;
        Assert.Equal(("bob", "t", 9L, 0L, 5L), (read.User, read.TokenId, read.ExpiresAt, read.IssuedAt, read.SeenAt));
        Assert.True(IdentityText.Decode(IdentityText.Encode(new Identity { User = "bob", IssuedAt = 7, IssuedHere = true }))!.IssuedHere);
    }
}
