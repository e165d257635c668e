namespace Tidings.CommandLine.Tests.Configuration;

/// <summary>docs/configuration.md says what the options' classes say.</summary>
public sealed class ConfigurationPageTests
{
    private const string Rewrite = "TIDINGS_WRITE_DOCS";

    [Fact]
    public void The_tables_of_the_configuration_page_are_those_of_the_classes()
    {
        if (Environment.GetEnvironmentVariable(Rewrite) is { Length: > 0 } source)
        {
            File.WriteAllText(source, ConfigurationPage.Renew(File.ReadAllText(source)));
            return;
        }

        var old = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "configuration.md"));
        var renewed = ConfigurationPage.Renew(old);
        Assert.True(
            old == renewed,
            $"docs/configuration.md is not what the options' classes say. This writes it anew: {Rewrite}=$PWD/docs/configuration.md artifacts/bin/Tidings.CommandLine.Tests/release/Tidings.CommandLine.Tests -class '*ConfigurationPageTests'\n" + FirstDifference(old, renewed));
    }

    private static string FirstDifference(string old, string renewed) =>
        old.Split('\n').Zip(renewed.Split('\n')).FirstOrDefault(static pair => pair.First != pair.Second) is (not null, not null) lines
            ? $"It says:     {lines.First}\nit would be: {lines.Second}"
            : "One of them ends earlier.";
}
