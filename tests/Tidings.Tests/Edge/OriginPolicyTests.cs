using Tidings.AspNetCore.Handshake;

namespace Tidings.Tests.Edge;

public sealed class OriginPolicyTests
{
    private readonly OriginPolicy _policy = new(["https://app.example.com", "http://localhost:3000"]);

    [Theory]
    [InlineData("https://app.example.com", true)]
    [InlineData("https://APP.example.com", true)]
    [InlineData("http://localhost:3000", true)]
    [InlineData("http://localhost:8000", true)]
    [InlineData("http://app.example.com", false)]
    [InlineData("https://app.example.com:443", false)]
    [InlineData("https://app.example.com/", false)]
    [InlineData("https://app.example.com.", false)]
    [InlineData("https://app.example.com.evil.example", false)]
    [InlineData("https://evil-app.example.com", false)]
    [InlineData("https://sub.app.example.com", false)]
    [InlineData("https://app.example.com@evil.example", false)]
    [InlineData("http://localhost:3001", false)]
    [InlineData("https://xn--pp-xia.example.com", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    public void Origins_are_compared_whole(string origin, bool allowed) => Assert.Equal(allowed, _policy.Allows(Requests.Local(("Origin", origin))));

    [Fact]
    public void Programs_which_send_no_origin_may_connect() => Assert.True(_policy.Allows(Requests.Local()));

    [Fact]
    public void Two_origins_are_none_of_ours()
    {
        var request = Requests.Local();
        request.Headers.Origin = new(["https://app.example.com", "https://app.example.com"]);
        Assert.False(_policy.Allows(request));
    }

    [Fact]
    public void Without_a_list_every_origin_may_connect() => Assert.True(new OriginPolicy([]).Allows(Requests.Local(("Origin", "https://evil.example"))));

    [Fact]
    public void Our_own_origin_needs_a_host()
    {
        var request = Requests.Local(("Origin", "http://"));
        request.Headers.Host = "";
        Assert.False(_policy.Allows(request));
    }
}
