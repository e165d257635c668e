using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Tidings.AspNetCore.Api.Tests.Events;

/// <summary>The receivers in docs/guides/who-is-online.md, run as they stand there.</summary>
public sealed partial class WhoIsOnlineTests
{
    [Theory]
    [InlineData("python", "/usr/bin/python3", "-u", "-c")]
    [InlineData("javascript", "node", "--input-type=module", "-e")]
    public async Task It_knows_who_is_online_and_believes_nobody_else(string language, string program, params string[] arguments)
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "who-is-online.md"));
        var code = Blocks().Matches(guide).Single(block => block.Groups["language"].Value == language).Groups["code"].Value;
        var start = new ProcessStartInfo(program, [.. arguments, code]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TIDINGS_SECRET"] = EventBackEnd.Secret;
        start.Environment["PORT"] = "0";
        using var process = Process.Start(start)!;
        try
        {
            using var limit = new CancellationTokenSource(Eventually.Limit);
            var url = await process.StandardOutput.ReadLineAsync(limit.Token);
            Assert.NotNull(url);
            await using var app = await TestApp.StartAsync(options: options =>
            {
                var receiver = new EventReceiverOptions { Url = url, Secret = EventBackEnd.Secret };
                receiver.Types.Add("connection.opened");
                receiver.Types.Add("connection.closed");
                options.Events.Add(receiver);
            });
            await using var anna = await app.ConnectAsync("anna");
            await ExpectAsync(process, "online: anna", limit.Token);
            var bob = await app.ConnectAsync("bob");
            await using var tab = await app.ConnectAsync("bob");
            await ExpectAsync(process, "online: anna, bob", limit.Token);
            using var forged = await app.Http.PostAsync(new Uri(url), new StringContent("""{"events":[{"type":"connection.opened","connection":"x","user":"mallory"}]}"""), limit.Token);
            Assert.Equal(401, (int)forged.StatusCode);
            await bob.DisposeAsync();
            await tab.DisposeAsync();
            await ExpectAsync(process, "online: anna", limit.Token);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task ExpectAsync(Process process, string line, CancellationToken cancellationToken)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } read)
        {
            Assert.DoesNotContain("mallory", read, StringComparison.Ordinal);
            if (read == line)
            {
                return;
            }
        }

        Assert.Fail($"It never said \"{line}\": {await process.StandardError.ReadToEndAsync(cancellationToken)}");
    }

    [GeneratedRegex("```(?<language>[a-z]+)\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
