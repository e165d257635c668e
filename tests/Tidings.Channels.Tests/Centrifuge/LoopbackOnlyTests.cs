using Tidings.AspNetCore.Centrifuge;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.Channels.Tests.Centrifuge;

/// <summary>What is good for trying out alone.</summary>
public sealed class LoopbackOnlyTests : ServerTests
{
    [Theory]
    [InlineData("http://127.0.0.1:80", true)]
    [InlineData("http://localhost:80", true)]
    [InlineData("https://[::1]:443", true)]
    [InlineData("http://[::]:80", false)]
    [InlineData("http://0.0.0.0:80", false)]
    [InlineData("http://*:80", false)]
    [InlineData("http://+:80", false)]
    [InlineData("http://192.0.2.1:80", false)]
    [InlineData("http://example.com", false)]
    [InlineData("nonsense", false)]
    public void An_address_that_others_reach_is_none(string address, bool loopback) => Assert.Equal(loopback, LoopbackOnly.IsLoopback(address));

    [Theory]
    [InlineData("Tidings:Centrifuge:Insecure", "true")]
    [InlineData("Tidings:Centrifuge:Secret", "secret")]
    [InlineData("Tidings:Centrifuge:ApiKey", "key")]
    public async Task A_server_that_others_reach_does_not_go_on_with_it(string option, string value)
    {
        await using var server = await StartAsync([("urls", "http://0.0.0.0:0"), ("Tidings:Centrifuge:Enabled", "true"), (option, value)]);
        Assert.Contains(server.Log, line => line.Contains(option, StringComparison.Ordinal) && line.Contains("loopback", StringComparison.Ordinal));
        await using var local = await StartAsync([("Tidings:Centrifuge:Enabled", "true"), (option, value)]);
        local.ExpectNothingLogged();
    }
}
