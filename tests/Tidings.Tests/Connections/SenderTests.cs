using System.Net;
using Tidings.Quotas;

namespace Tidings.Tests.Connections;

public class SenderTests
{
    private static readonly AddressKey One = AddressKey.From(IPAddress.Parse("192.0.2.1"));
    private static readonly AddressKey Two = AddressKey.From(IPAddress.Parse("192.0.2.2"));

    [Fact]
    public void A_user_has_one_share_wherever_it_comes_from() => Assert.Equal(Sender.Of("u1", One), Sender.Of("u1", Two));

    [Fact]
    public void Who_has_no_user_shares_with_its_address()
    {
        Assert.Equal(Sender.Of(null, One), Sender.Of(null, One));
        Assert.NotEqual(Sender.Of(null, One), Sender.Of(null, Two));
        Assert.NotEqual(Sender.Of(null, One), Sender.Of("192.0.2.1", One));
    }

    [Fact]
    public void Nobody_is_taken_for_the_server()
    {
        Assert.NotEqual(Sender.Server, default);
        Assert.NotEqual(Sender.Server, Sender.Of(null, default));
        Assert.NotEqual(Sender.Server, Sender.Of("server", default));
        Assert.False(Sender.Of(null, default).IsServer);
    }
}
