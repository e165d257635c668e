using System.Net;
using Tidings.Engine;
using Tidings.Quotas;
using Tidings.Testing;

namespace Tidings.Tests.Connections;

public sealed class RatesTests
{
    private static readonly RateLimit Once = new(1, 1);
    private static readonly AddressKey Here = AddressKey.From(IPAddress.Parse("192.0.2.1"));
    private static readonly AddressKey There = AddressKey.From(IPAddress.Parse("192.0.2.2"));
    private static readonly AddressKey Loopback = AddressKey.From(IPAddress.Parse("127.0.0.5"));

    private readonly ManualTime _time = new();

    [Fact]
    public void A_posted_command_counts_for_its_user_else_for_its_address()
    {
        var rates = Make(new RateLimits { PostedMessages = Once, PostedQuestions = Once });
        Assert.Equal(
            [null, "messages", null, null, "messages", null],
            new[] { ("ann", Here), ("ann", There), ("bob", Here), (null, Here), (null, Here), (null, There) }.Select(sender => rates.RefusePostedMessage(sender.Item2, sender.Item1).Limit));
        Assert.Equal([null, "subscribing"], new[] { "ann", "ann" }.Select(user => rates.RefusePostedQuestion(Here, user).Limit));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(rates.RefusePostedMessage(Here, "ann").Refuses);
    }

    [Fact]
    public void A_message_counts_for_its_user_else_for_its_address_and_for_both_where_the_address_s_rate_is_set()
    {
        var ofDefaults = Make(new RateLimits { MessagesPerIp = new(Once), MessagesPerUser = new(Once) });
        Assert.Equal([null, null, "user", "ip"], new[] { "ann", null, "ann", null }.Select(user => ofDefaults.Refuse(Here, user).Limit));
        var set = Make(new RateLimits { MessagesPerIp = new(Once, IsSet: true) });
        Assert.Equal([null, "ip"], new[] { "ann", "bob" }.Select(user => set.Refuse(Here, user).Limit));
    }

    [Fact]
    public void Loopback_is_exempt_where_it_is_told_and_nobody_has_set_the_rate()
    {
        var demo = Make(new RateLimits { MessagesPerIp = new(Once), MessagesPerUser = new(Once), HandshakesPerIp = new(Once), QuestionsPerSender = new(Once), ExemptsLoopback = true });
        for (var i = 0; i < 3; i++)
        {
            Assert.False(demo.Refuse(Loopback, null).Refuses || demo.Refuse(Loopback, "ann").Refuses || demo.RefuseQuestion(Loopback, null).Refuses);
            Assert.Equal(0, demo.RefuseHandshake(Loopback));
        }

        Assert.Equal([null, "ip"], new[] { Here, Here }.Select(address => demo.Refuse(address, null).Limit));
        var set = Make(new RateLimits { MessagesPerIp = new(Once, IsSet: true), ExemptsLoopback = true });
        Assert.Equal([null, "ip"], new[] { Loopback, Loopback }.Select(address => set.Refuse(address, null).Limit));
    }

    [Fact]
    public void An_address_that_is_not_known_has_no_rate_of_an_address()
    {
        var rates = Make(new RateLimits { MessagesPerIp = new(Once), HandshakesPerIp = new(Once), QuestionsPerSender = new(Once) });
        for (var i = 0; i < 3; i++)
        {
            Assert.False(rates.Refuse(default, null).Refuses || rates.RefuseQuestion(default, null).Refuses);
            Assert.Equal(0, rates.RefuseHandshake(default));
        }
    }

    [Theory]
    [InlineData(LimitPreset.Default, null, 1000, 100, 1000)]
    [InlineData(LimitPreset.Small, null, 200, 100, 100)]
    [InlineData(LimitPreset.None, null, 0, 0, 0)]
    [InlineData(LimitPreset.Default, 5, 100, 100, 1000)]
    [InlineData(LimitPreset.None, 5, 100, 0, 0)]
    public void What_nobody_sets_follows_from_the_rates_and_numbers_of_connections(LimitPreset preset, int? perSecond, int shared, int handshakes, int http)
    {
        var limits = Limits.From(new LimitOptions { Preset = preset, MessagesPerSecond = perSecond });
        Assert.Equal((shared, shared, handshakes, http), (limits.RatePerIp.PerSecond, limits.RatePerUser.PerSecond, limits.HandshakeRatePerIp.PerSecond, limits.HttpConnectionsPerIp));
        Assert.Equal(10 * handshakes, limits.HandshakeRatePerIp.Rate.Burst);
    }

    private Rates Make(RateLimits limits) => new(limits, _time);
}
