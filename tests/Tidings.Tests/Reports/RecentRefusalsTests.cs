using System.Net;
using Microsoft.Extensions.Logging;
using TestKit;
using Tidings.Connections;
using Tidings.Protocol.Commands;
using Tidings.Quotas;
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

    [Fact]
    public void Few_are_logged_of_many_and_the_others_are_counted()
    {
        var time = new ManualTime();
        using var log = new LogCollector(LogLevel.Information);
        var refusals = new RecentRefusals(time, log.CreateLogger("refusals"));
        for (var i = 0; i < 1000; i++)
        {
            refusals.Add("Invalid token", AddressKey.From(IPAddress.Loopback), new FieldFault("token", "it has expired"));
        }

        Assert.Equal(50, log.Lines.Count);
        Assert.All(log.Lines, static line => Assert.Contains("Refused 127.0.0.1: Invalid token: it has expired", line, StringComparison.Ordinal));
        time.Advance(TimeSpan.FromSeconds(1));
        refusals.Add("Origin", default);
        Assert.Equal(52, log.Lines.Count);
        Assert.Contains("Refused somebody: Origin", log.Lines.ElementAt(50), StringComparison.Ordinal);
        Assert.Contains("950 refusals before this one were not logged", log.Lines.ElementAt(51), StringComparison.Ordinal);
    }

    [Fact]
    public void Peers_are_told_why_in_development_alone()
    {
        var why = new FieldFault("token", "it has expired");
        Assert.Null(new RecentRefusals(new ManualTime()).Add("Invalid token", default, why));
        Assert.Equal([why], new RecentRefusals(new ManualTime()) { Explains = true }.Add("Invalid token", default, why));
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
