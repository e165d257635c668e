using System.Text;
using Tidings.AspNetCore.Events;
using Tidings.Options;

namespace Tidings.AspNetCore.Api.Tests.Events;

public sealed class SignatureTests
{
    // The example of the specification of Standard Webhooks.
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Body = """{"test": 2432232314}""";

    [Fact]
    public void The_specifications_example_is_signed_as_it_says() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        new WebhookSignature(EventFaults.SecretsOf(Secret)!).Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes(Body)));

    [Fact]
    public void While_a_secret_is_changed_both_sign()
    {
        var other = "whsec_" + Convert.ToBase64String(Enumerable.Range(0, 64).Select(static i => (byte)i).ToArray());
        var both = new WebhookSignature(EventFaults.SecretsOf($"{other} {Secret}")!).Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes(Body)).Split(' ');
        Assert.Equal(2, both.Length);
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", both[1]);
        Assert.NotEqual(both[0], both[1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("whsec_")]
    [InlineData("whsec_c2hvcnQ=")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_not base64 at all, and long enough")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSy")]
    public void A_secret_that_is_none_stops_the_start_and_is_not_repeated(string secret)
    {
        var options = new TidingsOptions();
        options.Events.Add(new EventReceiverOptions { Url = "https://app.example.com/events", Secret = secret });
        var fault = Assert.Single(Tidings.Engine.TidingsOptionsValidator.Faults(options));
        Assert.Equal("Tidings:Events:0:Secret is malformed; it must be whsec_ and 24 to 64 bytes in base64, or two such with a space between them.", fault);
    }

    [Fact]
    public void Every_fault_of_a_receiver_is_named_with_its_key()
    {
        var options = new TidingsOptions();
        var receiver = new EventReceiverOptions { Url = "ftp://user:password@example.com" };
        receiver.Types.Add("member.gone");
        receiver.Types.Add("message.published");
        options.Events.Add(receiver);
        var other = new EventReceiverOptions { Secret = Secret };
        other.Channels.Add("{");
        options.Events.Add(other);
        var faults = Tidings.Engine.TidingsOptionsValidator.Faults(options).ToList();
        Assert.Equal(
            ["Tidings:Events:0:Url", "Tidings:Events:0:Secret", "Tidings:Events:0:Types:0", "Tidings:Events:0:Types", "Tidings:Events:1:Url", "Tidings:Events:1:Channels:0"],
            faults.Select(static fault => fault.Split(' ')[0]));
        Assert.DoesNotContain(faults, static fault => fault.Contains("password", StringComparison.Ordinal));
    }
}
