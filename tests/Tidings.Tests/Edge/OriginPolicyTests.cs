using System.Net;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Origins;

namespace Tidings.Tests.Edge;

public sealed class OriginPolicyTests
{
    private static readonly OwnHosts NoHosts = new(new ServiceCollection().BuildServiceProvider());

    private readonly OriginPolicy _policy = new(["https://app.example.com", "http://localhost:3000"], NoHosts);

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
    public void Without_a_list_every_origin_may_connect() => Assert.True(new OriginPolicy([], NoHosts).Allows(Requests.Local(("Origin", "https://evil.example"))));

    [Theory]
    [InlineData("localhost:8000", true)]
    [InlineData("[::1]:8000", true)]
    [InlineData("192.0.2.7:8000", true)]            // the address that the connection came to
    [InlineData("192.0.2.8:8000", false)]
    [InlineData("push.example.com", true)]          // AllowedHosts
    [InlineData("eu.push.example.com:8443", true)]
    [InlineData("rebound.example", false)]
    [InlineData("localhost.rebound.example", false)]
    public void With_a_list_our_own_origin_is_one_that_we_know_ourselves_by(string host, bool known)
    {
        var services = new ServiceCollection();
        services.Configure<HostFilteringOptions>(static filter => filter.AllowedHosts = ["push.example.com", "*.push.example.com"]);
        var hosts = new OwnHosts(services.BuildServiceProvider());
        var request = Requests.Local(("Origin", "http://" + host), ("Host", host));
        request.HttpContext.Connection.LocalIpAddress = IPAddress.Parse("::ffff:192.0.2.7");
        Assert.Equal(known, new OriginPolicy(["https://app.example.com"], hosts).Allows(request));
        Assert.Equal(known, new OriginPolicy(["https://app.example.com"], hosts).AllowsCookie(request));
        Assert.True(new OriginPolicy([], hosts).AllowsCookie(request));
    }

    [Fact]
    public void A_filter_that_lets_everybody_pass_makes_no_name_ours()
    {
        var services = new ServiceCollection();
        services.Configure<HostFilteringOptions>(static filter => filter.AllowedHosts = ["*"]);
        var hosts = new OwnHosts(services.BuildServiceProvider());
        Assert.True(hosts.Passes("rebound.example"));
        Assert.False(hosts.Contains(Requests.Local(("Host", "rebound.example"))));
    }

    [Fact]
    public void Our_own_origin_needs_a_host()
    {
        var request = Requests.Local(("Origin", "http://"));
        request.Headers.Host = "";
        Assert.False(_policy.Allows(request));
    }
}
