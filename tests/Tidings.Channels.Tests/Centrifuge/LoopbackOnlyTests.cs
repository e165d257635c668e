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
    public async Task The_API_without_a_key_is_for_programs_and_not_for_pages_of_other_origins()
    {
        await using var server = await StartAsync([("Tidings:Centrifuge:Enabled", "true"), ("Tidings:Centrifuge:Insecure", "true"), ("Tidings:Demo", "false")]);
        foreach (var (origin, type, status) in ((string?, string, int)[])[(null, "application/json", 200), ("https://evil.example", "application/json", 401), (null, "text/plain", 401)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/centrifugo/api/publish") { Content = new StringContent("""{"channel":"news","data":1}""", System.Text.Encoding.UTF8, type) };
            if (origin is not null)
            {
                request.Headers.Add("Origin", origin);
            }

            using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(status, (int)answer.StatusCode);
        }
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
