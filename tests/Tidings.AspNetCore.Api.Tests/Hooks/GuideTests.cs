using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Tidings.AspNetCore.Api.Tests.Hooks;

/// <summary>The receiver in docs/guides/hooks.md, run as it stands there.</summary>
public sealed partial class GuideTests
{
    [Fact]
    public async Task The_guides_receiver_checks_signatures_and_decides()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "hooks.md"));
        var program = Python().Match(guide).Groups["code"].Value;
        var start = new ProcessStartInfo("/usr/bin/python3", ["-u", "-c", program]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TIDINGS_SECRET"] = HookReceiver.Secret;
        start.Environment["PORT"] = "0";
        using var python = Process.Start(start)!;
        try
        {
            using var limit = new CancellationTokenSource(Eventually.Limit);
            var url = await python.StandardOutput.ReadLineAsync(limit.Token);
            Assert.NotNull(url);
            await using var app = await TestApp.StartAsync(options: options =>
            {
                options.Hooks.Secret = HookReceiver.Secret;
                options.Channels.Add(new ChannelOptions { Pattern = "chat:*", Publish = ChannelAccess.Anyone, OnPublish = url });
            });
            await using var client = await app.ConnectAsync();
            await client.AskAsync("""{"type":"publish","channel":"chat:a","data":"Hello"}""", "published");
            Assert.Equal("HELLO", (await app.Tidings.HistoryAsync("chat:a")).Messages[0].Read<string>());
            Assert.Equal(("not_allowed", "too_long"), await client.RefusedAsync($$"""{"type":"publish","channel":"chat:a","data":"{{new string('x', 300)}}"}"""));

            using var forged = await app.Http.PostAsync(new Uri(url), new StringContent("{}"), limit.Token);
            Assert.Equal(403, (int)forged.StatusCode);
        }
        finally
        {
            python.Kill();
            await python.WaitForExitAsync();
        }
    }

    [GeneratedRegex("```python\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Python();
}
