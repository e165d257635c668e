using System.Text.RegularExpressions;
using Tidings.CommandLine.Tests.Infrastructure;

namespace Tidings.CommandLine.Tests.Configuration;

/// <summary>Configurations in the guides for those who come from other servers are good as they stand there.</summary>
public sealed partial class GuideConfigurationTests
{
    [Theory]
    [InlineData("pusher.md", 2)]
    [InlineData("centrifuge.md", 1)]
    public async Task What_is_pasted_from_the_guide_is_a_good_configuration(string page, int count)
    {
        var blocks = Block().Matches(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "guides", page), TestContext.Current.CancellationToken));
        Assert.Equal(count, blocks.Count);
        foreach (Match block in blocks)
        {
            var file = Path.GetTempFileName();
            try
            {
                await File.WriteAllTextAsync(file, block.Groups["json"].Value, TestContext.Current.CancellationToken);
                (await Tool.RunAsync("check", file, "--urls", "http://127.0.0.1:0", "--trusted-proxy", "127.0.0.1", "--admin-key", "a key of the tests, long enough")).Succeeds();
            }
            finally
            {
                File.Delete(file);
            }
        }
    }

    [GeneratedRegex("```json\n(?<json>\\{\n  \"Tidings\".*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
