using System.Net;
using Tidings.Quotas;

namespace Tidings.Tests.Connections;

public sealed class AddressKeyTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.2", false)]
    [InlineData("0.0.0.0", "::", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("127.0.0.1", "::1", false)]
    public void One_subscriber_is_one_key(string one, string other, bool same) =>
        Assert.Equal(same, AddressKey.From(IPAddress.Parse(one)) == AddressKey.From(IPAddress.Parse(other)));

    [Fact]
    public void No_address_is_the_default() => Assert.Equal(default, AddressKey.From(null));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1")]
    [InlineData("2001:db8::1")]
    public void An_address_is_never_the_default(string address) => Assert.NotEqual(default, AddressKey.From(IPAddress.Parse(address)));

    [Fact]
    public void The_loopback_address_of_ipv6_is_counted() => Assert.NotEqual(default, AddressKey.From(IPAddress.IPv6Loopback));
}
