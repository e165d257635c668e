using System.Net;
using Tidings.AspNetCore.Keys;

namespace Tidings.Tests.Edge;

public sealed class DirectLocalTests
{
    [Theory]
    [InlineData("localhost:8000")]
    [InlineData("LOCALHOST")]
    [InlineData("127.0.0.1:8000")]
    [InlineData("127.9.9.9")]
    [InlineData("[::1]:8000")]
    public void A_loopback_host_is_local(string host) => Assert.True(DirectLocal.Is(Requests.Local(("Host", host))));

    [Theory]
    [InlineData("")]
    [InlineData("example.com")]
    [InlineData("localhost.example.com")]
    [InlineData("127.0.0.1.example.com")]
    [InlineData("localhost@example.com")]
    [InlineData("0.0.0.0")]
    [InlineData("192.0.2.1")]
    [InlineData("[2001:db8::1]")]
    public void Another_host_is_not(string host) => Assert.False(DirectLocal.Is(Requests.Local(("Host", host))));

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.1.2.3", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("::ffff:192.0.2.1", false)]
    [InlineData(null, false)]
    public void The_peer_must_be_this_machine(string? address, bool local)
    {
        var request = Requests.Local();
        request.HttpContext.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        Assert.Equal(local, DirectLocal.Is(request));
    }

    [Theory]
    [InlineData("Forwarded")]
    [InlineData("forwarded")]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Forwarded-Proto")]
    [InlineData("X-Forwarded-Port")]
    [InlineData("X-Forwarded-Server")]
    [InlineData("x-forwarded-anything")]
    [InlineData("X-Real-IP")]
    [InlineData("Via")]
    public void What_a_proxy_passes_on_is_not_direct_even_where_the_value_is_empty(string header)
    {
        Assert.False(DirectLocal.Is(Requests.Local((header, "127.0.0.1"))));
        Assert.False(DirectLocal.Is(Requests.Local((header, ""))));
    }

    [Theory]
    [InlineData("http://localhost:8000", true)]
    [InlineData("http://localhost", false)]
    [InlineData("https://localhost:8000", false)]
    [InlineData("http://127.0.0.1:8000", false)]
    [InlineData("https://evil.example", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    public void An_origin_must_be_our_own(string origin, bool local) => Assert.Equal(local, DirectLocal.Is(Requests.Local(("Origin", origin))));

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("application/problem+json", true)]
    [InlineData("text/plain", false)]
    [InlineData("text/plain; application/json", false)]
    [InlineData("application/x-www-form-urlencoded", false)]
    [InlineData(null, false)]
    public void A_body_must_be_json_which_no_page_of_another_origin_may_send(string? type, bool local)
    {
        var request = Requests.Local();
        request.ContentType = type;
        request.ContentLength = 10;
        Assert.Equal(local, DirectLocal.Is(request));
    }

    [Fact]
    public void Chunks_are_a_body_too() => Assert.False(DirectLocal.Is(Requests.Local(("Transfer-Encoding", "chunked"))));
}
