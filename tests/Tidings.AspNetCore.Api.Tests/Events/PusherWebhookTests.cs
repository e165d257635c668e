using System.Text;
using Tidings.AspNetCore.Pusher;
using Tidings.Events;
using Tidings.Options;

namespace Tidings.AspNetCore.Api.Tests.Events;

/// <summary>Webhooks of the Pusher protocol: their form, whose channels they tell, and what is wrong with options.</summary>
public sealed class PusherWebhookTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1327078148132);

    [Fact]
    public void Events_are_told_in_the_protocols_words_and_what_it_has_no_word_for_is_not()
    {
        var form = new PusherWebhookForm(Apps()[1]);
        Assert.Equal(
            """{"time_ms":1327078148132,"events":[{"name":"channel_occupied","channel":"news"},{"name":"member_added","channel":"presence-a","user_id":"7"},"""
            + """{"name":"client_event","channel":"presence-a","event":"client-x","data":"[1]","socket_id":"1.2","user_id":"7"},{"name":"client_event","channel":"private-a","event":"client-x","data":"","socket_id":"1.2"}]}""",
            Body(
                form,
                """{"id":"1","type":"channel.occupied","channel":"shop:news","time":1}""",
                """{"id":"2","type":"member.joined","channel":"shop:presence-a","user":"7","data":{"info":{}},"time":1}""",
                """{"id":"3","type":"message.published","channel":"shop:presence-a","user":"7","connection":"1.2","data":{"event":"client-x","data":[1]},"time":1}""",
                """{"id":"4","type":"message.published","channel":"shop:private-a","user":"~1.2","connection":"1.2","data":{"event":"client-x","data":""},"time":1}""",
                """{"id":"5","type":"events.trimmed","data":{"count":3},"time":1}"""));
        Assert.Equal("", Body(form, """{"id":"5","type":"events.trimmed","data":{"count":3},"time":1}"""));
    }

    [Fact]
    public void Requests_bear_the_applications_key_and_its_signature_of_the_body()
    {
        using var request = new HttpRequestMessage();
        new PusherWebhookForm(Apps()[0]).Sign(request.Headers, "id", Now, "{}"u8);
        Assert.Equal("key", request.Headers.GetValues("X-Pusher-Key").Single());
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData("sixteen letters!"u8, "{}"u8)), request.Headers.GetValues("X-Pusher-Signature").Single());
    }

    [Theory]
    [InlineData(nameof(EventType.ChannelOccupied), "news", true, false)]
    [InlineData(nameof(EventType.ChannelOccupied), "shop:news", false, true)]
    [InlineData(nameof(EventType.ChannelOccupied), "user:7", false, false)]
    [InlineData(nameof(EventType.MemberJoined), "presence-a", true, false)]
    [InlineData(nameof(EventType.MemberJoined), "lobby", false, false)]
    [InlineData(nameof(EventType.ChannelMissed), "shop:cache-a", false, true)]
    [InlineData(nameof(EventType.MemberUpdated), "presence-a", false, false)]
    public void Each_application_is_told_of_its_own_channels_alone(string name, string channel, bool first, bool second)
    {
        var type = Enum.Parse<EventType>(name);
        Assert.Equal((first, second), (Filter(Apps()[0]).Wants(type, channel), Filter(Apps()[1]).Wants(type, channel)));
    }

    [Theory]
    [InlineData("client-x", true)]
    [InlineData("paid", false)]
    [InlineData(null, false)]
    public void Of_messages_events_of_clients_are_told_alone(string? name, bool told) => Assert.Equal(told, Filter(Apps()[0]).WantsMessage("private-a", name));

    [Fact]
    public void Every_fault_is_named_with_its_key()
    {
        var options = Options();
        options.Pusher.Apps[0].Webhooks.Add(new PusherWebhookOptions { Url = "ftp://user:password@example.com", Types = { "subscription_count" } });
        options.Pusher.Apps[1].Webhooks.Add(new PusherWebhookOptions());
        var faults = Tidings.Engine.TidingsOptionsValidator.Faults(options).ToList();
        Assert.Equal(["Tidings:Pusher:Apps:0:Webhooks:0:Url", "Tidings:Pusher:Apps:0:Webhooks:0:Types:0", "Tidings:Pusher:Apps:1:Webhooks:0:Url"], faults.Select(static fault => fault.Split(' ')[0]));
        Assert.DoesNotContain(faults, static fault => fault.Contains("password", StringComparison.Ordinal));
    }

    private static EventFilter Filter(PusherApp app) => PusherWebhookForm.FilterOf(app, new PusherWebhookOptions());

    private static TidingsOptions Options()
    {
        var options = new TidingsOptions();
        options.Pusher.Apps.Add(new PusherAppOptions { Id = "1", Key = "key", Secret = "sixteen letters!" });
        options.Pusher.Apps.Add(new PusherAppOptions { Id = "2", Key = "other", Secret = "seventeen letters", Prefix = "shop:" });
        return options;
    }

    private static List<PusherApp> Apps() => [.. PusherApp.AllOf(Options().Pusher)];

    private static string Body(PusherWebhookForm form, params string[] events) =>
        Encoding.UTF8.GetString(form.BodyOf([.. events.Select(static one => QueuedEvent.Read(default, Encoding.UTF8.GetBytes(one))!)], Now).Span);
}
