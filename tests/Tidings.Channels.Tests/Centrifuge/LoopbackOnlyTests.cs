using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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
    public async Task A_server_that_others_reach_does_not_start_with_it(string option, string value)
    {
        var fault = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync([("urls", "http://0.0.0.0:0"), ("Tidings:Centrifuge:Enabled", "true"), (option, value)]));
        Assert.Contains(option, fault.Message, StringComparison.Ordinal);
        Assert.Contains("loopback", fault.Message, StringComparison.Ordinal);
        await using var local = await StartAsync([("Tidings:Centrifuge:Enabled", "true"), (option, value)]);
        local.ExpectNothingLogged();
    }

    [Fact]
    public async Task An_application_that_others_reach_stops_with_it()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddTidings(static options => options.Centrifuge.Insecure = true);
        builder.WebHost.UseUrls("http://0.0.0.0:0");
        await using var app = builder.Build();
        app.MapCentrifuge();
        var stopping = new TaskCompletionSource();
        app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        await app.StartAsync(TestContext.Current.CancellationToken);
        await stopping.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }
}
