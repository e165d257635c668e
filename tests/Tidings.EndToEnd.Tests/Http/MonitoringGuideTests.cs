using System.Text.RegularExpressions;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>docs/operations/monitoring.md says what a server really shows.</summary>
public sealed partial class MonitoringGuideTests : ServerTests
{
    private static readonly string Guide = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "monitoring.md"));

    [Fact]
    public async Task The_table_is_what_a_server_with_everything_shows()
    {
        var page = await ReadAsync();
        var shown = page.Types.Where(static type => type.Key.StartsWith("tidings_", StringComparison.Ordinal)).ToDictionary();
        var rows = Row().Matches(Guide).ToDictionary(static row => row.Groups[1].Value, static row => (Type: row.Groups[2].Value, Labels: row.Groups[3].Value));
        Assert.Equal(shown.Keys.Order(), rows.Keys.Order());
        foreach (var (name, (type, labels)) in rows)
        {
            Assert.Equal((name, shown[name]), (name, type));
            var told = Code().Matches(labels).Select(static code => code.Groups[1].Value).ToList();
            foreach (var label in page.LabelsOf(name).Where(static label => label.Key != "le"))
            {
                Assert.Equal((name, told[0]), (name, label.Key));
                Assert.All(label, value => Assert.Contains(value, told[1..]));
                Assert.True(type == "histogram" || label.Count() == told.Count - 1, $"{name} has not all that is told of it");
            }
        }
    }

    [Fact]
    public async Task Queries_name_nothing_that_is_not_there()
    {
        var page = await ReadAsync();
        var named = Name().Matches(Guide).Select(static name => Part().Replace(name.Value, "")).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(new HashSet<string>(["tidings_connections", "process_open_fds", "dotnet_thread_pool_queue_length"]), named);
        Assert.All(named, name => Assert.Contains(name, page.Types.Keys));
    }

    // Redis and PostgreSQL are named and not there: what is counted about them is shown all the same. A directory excludes both, and each has a server of its own.
    private async Task<PrometheusPage> ReadAsync()
    {
        await using var shared = await StartAsync(("Tidings:Redis", "127.0.0.1:1"), ("Tidings:Events:0:Url", "http://127.0.0.1:1/"), ("Tidings:Events:0:Secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        var page = await shared.Http.GetStringAsync("/metrics");
        var directory = Directory.CreateTempSubdirectory();
        try
        {
            await using var single = await StartAsync(("Tidings:Data", directory.FullName));
            await single.PublishAsync("lobby", "x");
            var own = (await single.Http.GetStringAsync("/metrics")).Split('\n').Where(static line => Data().IsMatch(line));
            await using var tables = await StartAsync(("Tidings:Engine", "postgres"), ("Tidings:PostgreSql", "Host=127.0.0.1;Port=1;Username=nobody;Database=none"));
            var their = (await tables.Http.GetStringAsync("/metrics")).Split('\n').Where(static line => PostgreSql().IsMatch(line));
            return PrometheusPage.Parse(page.Replace("# EOF\n", "", StringComparison.Ordinal) + string.Join('\n', own.Concat(their)) + "\n");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"^(# \w+ )?tidings_data_")]
    private static partial Regex Data();

    [GeneratedRegex(@"^(# \w+ )?tidings_postgres_")]
    private static partial Regex PostgreSql();

    [GeneratedRegex(@"^\| `(tidings_\w+)` \| (\w+) \| (.*?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\b(tidings|process|dotnet)_\w+")]
    private static partial Regex Name();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();
}
