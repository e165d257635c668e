using Tidings.Channels.Tests.World;
using Tidings.Quotas;

namespace Tidings.Channels.Tests.BadInput;

/// <summary>Subscriptions without end.</summary>
public sealed class B37_Subscriptions() : CommandAttack(new RigOptions { Subscriptions = 100, SubscribeRate = new RateLimit(50, 1000) })
{
    [Fact]
    public void A_hundred_thousand_are_refused_and_leave_nothing()
    {
        var peer = NewPeer();
        var codes = new Dictionary<string, int>();
        for (var i = 0; i < 100_000; i++)
        {
            var code = CodeOf(peer.Send($$"""{"type":"subscribe","channel":"chat:{{i}}"}""").Receive());
            codes[code] = codes.GetValueOrDefault(code) + 1;
        }

        Assert.Equal((100, 900), (codes["subscribed"], codes["too_many"]));
        Assert.Equal(101, Rig.Hub.Channels);
        peer.Wire.Cut();
        peer.Run();
        Assert.Equal(1, Rig.Hub.Channels);
        ExpectUnharmed();
    }

    [Fact]
    public void Coming_and_going_in_one_channel_is_bounded_by_the_bucket()
    {
        var peer = NewPeer();
        var done = 0;
        for (var i = 0; i < 10_000; i++)
        {
            done += CodeOf(peer.Send($$"""{"type":"{{(i % 2 == 0 ? "subscribe" : "unsubscribe")}}","channel":"chat:a"}""").Receive()) is "subscribed" or "unsubscribed" ? 1 : 0;
        }

        Assert.Equal(1000, done);
        ExpectUnharmed();
    }

    [Fact]
    public void Reading_names_that_nobody_uses_makes_nothing()
    {
        var peer = NewPeer();
        for (var i = 0; i < 10_000; i++)
        {
            peer.Send($$"""{"type":"history","channel":"private:{{i}}"}""").Receive();
        }

        Assert.Equal(0, Rig.Logs);
        ExpectUnharmed();
    }
}

/// <summary>More messages than may be said.</summary>
public sealed class B38_Floods() : CommandAttack(new RigOptions { Rate = new RateLimit(50, 100) })
{
    [Fact]
    public void Over_ten_seconds_the_bucket_lets_through_what_it_should()
    {
        var peer = NewPeer();
        var accepted = 0;
        for (var step = 0; step < 1000; step++)
        {
            Rig.Time.Advance(TimeSpan.FromMilliseconds(10));
            for (var i = 0; i < 5; i++)
            {
                accepted += CodeOf(peer.Send("""{"type":"publish","channel":"chat:a","data":1}""").Receive()) == "published" ? 1 : 0;
            }
        }

        Assert.InRange(accepted, (int)(600 * 0.95), (int)(600 * 1.05));
        ExpectUnharmed();
    }
}

/// <summary>What comes back after being away, without end and with positions of all kinds, as CVE-2026-56170.</summary>
public sealed class B39_Returns : CommandAttack
{
    [Fact]
    public void Sessions_that_come_and_go_leave_nothing()
    {
        for (var i = 0; i < 5_000; i++)
        {
            var peer = NewPeer(i % 2 == 0 ? null : "ann").Send("""{"type":"subscribe","channel":"chat:a","presence":true}""", """{"type":"subscribe","channel":"chat:b","last":5}""");
            peer.Wire.Cut();
            peer.Run();
        }

        Assert.Equal((1, 1, 1), (Rig.Hub.Channels, Rig.Directory.Count, Rig.Registry.Count));
        Assert.Empty(Rig.Directory.Users);
        ExpectUnharmed();
    }

    [Theory]
    [InlineData("""{"epoch":"e","offset":9007199254740991}""", "subscribed")]
    [InlineData("""{"epoch":"e","offset":9007199254740992}""", "bad_request")]
    [InlineData("""{"epoch":"e","offset":-1}""", "bad_request")]
    [InlineData("""{"epoch":"e","offset":1.5}""", "bad_request")]
    [InlineData("""{"epoch":"e","offset":"1"}""", "bad_request")]
    [InlineData("""{"epoch":"","offset":1}""", "bad_request")]
    [InlineData("""{"epoch":"123456789012345678901234567890123","offset":1}""", "bad_request")]
    [InlineData("""{"epoch":"e"}""", "bad_request")]
    [InlineData("""{"epoch":"e","epoch":"f","offset":1}""", "bad_request")]
    [InlineData("\"e:1\"", "bad_request")]
    public void Positions_of_all_kinds_are_refused_or_not_recovered(string since, string expected)
    {
        var answer = NewPeer().Send($$"""{"type":"subscribe","channel":"chat:a","since":{{since}}}""").Receive();
        Assert.Equal(expected, CodeOf(answer));
        Assert.Equal(expected == "subscribed", answer.Contains("\"recovered\":false"));
        ExpectUnharmed();
    }
}
