using System.Net;
using Tidings.Connections;
using Tidings.Reports;
using Tidings.Testing;

namespace Tidings.Tests.Reports;

public sealed class RecentRefusalsTests
{
    [Fact]
    public void The_newest_come_first_and_no_more_than_a_hundred_are_kept()
    {
        var time = new ManualTime();
        var refusals = new RecentRefusals(time);
        Assert.Empty(refusals.List());
        for (var i = 0; i < 250; i++)
        {
            refusals.Add($"r{i}", AddressKey.From(IPAddress.Loopback));
            time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(Math.Min(i + 1, RecentRefusals.Capacity), refusals.List().Count);
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(static back => $"r{249 - back}"), refusals.List().Select(static refusal => refusal.Reason));
        Assert.Equal(99, refusals.List()[0].Time - refusals.List()[^1].Time);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2:3::4", "2001:db8:1:2::/64")]
    [InlineData("::1", "::1")]
    [InlineData(null, "")]
    public void An_address_is_shown_as_limits_know_it(string? address, string shown) =>
        Assert.Equal(shown, AddressKey.From(address is null ? null : IPAddress.Parse(address)).ToString());
}
