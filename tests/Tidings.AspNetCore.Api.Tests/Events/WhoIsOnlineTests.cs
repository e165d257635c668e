namespace Tidings.AspNetCore.Api.Tests.Events;

/// <summary>The receivers in docs/guides/who-is-online.md, run as they stand there.</summary>
public sealed class WhoIsOnlineTests
{
    private const string Page = "who-is-online.md";

    [Theory]
    [InlineData("python")]
    [InlineData("javascript")]
    [InlineData("csharp")]
    public async Task It_knows_who_is_online_and_believes_nobody_else(string language)
    {
        var code = GuideProgram.BlocksOf(Page, language)[0];
        await using var program = language switch
        {
            "python" => GuideProgram.Interpret(code, "/usr/bin/python3", "-u", "-c"),
            "javascript" => GuideProgram.Interpret(code, "node", "--input-type=module", "-e"),
            _ => GuideProgram.Compile(code),
        };
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var url = await UrlAsync(program, limit.Token);
        await using var app = await TestApp.StartAsync(options: options =>
        {
            var receiver = new EventReceiverOptions { Url = url, Secret = EventBackEnd.Secret };
            receiver.Types.Add("connection.opened");
            receiver.Types.Add("connection.closed");
            options.Events.Add(receiver);
        });
        await using var anna = await app.ConnectAsync("anna");
        await ExpectAsync(program, "online: anna", limit.Token);
        var bob = await app.ConnectAsync("bob");
        await using var tab = await app.ConnectAsync("bob");
        await ExpectAsync(program, "online: anna, bob", limit.Token);
        using var forged = await app.Http.PostAsync(new Uri(url), new StringContent("""{"events":[{"type":"connection.opened","connection":"x","user":"mallory"}]}"""), limit.Token);
        Assert.Equal(401, (int)forged.StatusCode);
        await bob.DisposeAsync();
        await tab.DisposeAsync();
        await ExpectAsync(program, "online: anna", limit.Token);
    }

    [Fact]
    public async Task The_handler_inside_an_application_knows_it_too()
    {
        var handler = GuideProgram.BlocksOf(Page, "csharp")[1].Replace("using System.Collections.Concurrent;", "", StringComparison.Ordinal);
        await using var program = GuideProgram.Compile($$"""
            using System.Collections.Concurrent;
            var builder = WebApplication.CreateSlimBuilder();
            builder.Services.AddTidings();
            var app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            {{handler}}
            await app.StartAsync();
            Console.WriteLine(app.Urls.First());
            await app.WaitForShutdownAsync();
            """);
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var url = new Uri(await UrlAsync(program, limit.Token));
        var socket = await RawWebSocket.ConnectAsync(url.Port, "/connect");
        await ExpectAsync(program, "online: somebody", limit.Token);
        await socket.DisposeAsync();
        await ExpectAsync(program, "online: ", limit.Token);
    }

    // Before it the server may log.
    private static async Task<string> UrlAsync(GuideProgram program, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await program.ReadLineAsync(cancellationToken) is var line && line.StartsWith("http://", StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    private static async Task ExpectAsync(GuideProgram program, string line, CancellationToken cancellationToken)
    {
        while (await program.ReadLineAsync(cancellationToken) is var read && read != line)
        {
            Assert.DoesNotContain("mallory", read, StringComparison.Ordinal);
        }
    }
}
