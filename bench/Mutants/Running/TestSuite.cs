using System.Text.RegularExpressions;

namespace Tidings.Bench.Mutants.Running;

/// <summary>A project's tests, which can be run by class (in JavaScript: by file).</summary>
internal abstract partial class TestSuite(string name, string copy)
{
    public string Name => name;
    protected string Copy => copy;

    public abstract IReadOnlyList<string> Classes();

    public abstract Task<TestRun> RunAsync(IReadOnlyList<string> classes, IReadOnlyDictionary<string, string> environment, TimeSpan limit);

    public static IReadOnlyList<TestSuite> All(string copy) =>
    [
        new Dotnet("Tidings.Protocol.Tests", copy), new Dotnet("Tidings.Tests", copy), new Dotnet("Tidings.Channels.Tests", copy),
        new Dotnet("Tidings.Client.Tests", copy), new Dotnet("Tidings.Redis.Tests", copy), new JavaScript(copy),
    ];

    public sealed partial class Dotnet(string name, string copy) : TestSuite(name, copy)
    {
        public string Project => $"tests/{Name}";
        private string Program => Path.Combine(Copy, "artifacts/bin", Name, "release", Name);

        public override IReadOnlyList<string> Classes()
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(Program, "-noLogo -list classes") { RedirectStandardOutput = true })!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(static line => ClassName().IsMatch(line))];
        }

        public override Task<TestRun> RunAsync(IReadOnlyList<string> classes, IReadOnlyDictionary<string, string> environment, TimeSpan limit) => TestRun.StartAsync(
            [Program, "-noLogo", "-noColor", "-stopOnFail", .. classes.SelectMany(static one => new[] { "-class", one })], Copy, environment, limit,
            static line => Failure().Match(line) is { Success: true } failed ? failed.Groups[1].Value : null);

        [GeneratedRegex(@"^[A-Za-z_][\w.+]*$")]
        private static partial Regex ClassName();

        [GeneratedRegex(@"^\s+(\S.*) \[FAIL\]")]
        private static partial Regex Failure();
    }

    private sealed partial class JavaScript(string copy) : TestSuite("JavaScript", copy)
    {
        private string Folder => Path.Combine(Copy, "clients/js");

        // Those that look at the sources; the others look at the bundle.
        public override IReadOnlyList<string> Classes() =>
            [.. Directory.EnumerateFiles(Path.Combine(Folder, "test"), "*.test.js").Where(static file => File.ReadAllText(file).Contains("'../src/", StringComparison.Ordinal)).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];

        public override Task<TestRun> RunAsync(IReadOnlyList<string> classes, IReadOnlyDictionary<string, string> environment, TimeSpan limit) => TestRun.StartAsync(
            ["node", "--test", "--test-concurrency=1", "--test-reporter=tap", .. classes.Select(static file => "test/" + file)], Folder, environment, limit,
            static line => Failure().Match(line) is { Success: true } failed ? failed.Groups[1].Value : null);

        [GeneratedRegex(@"^\s*not ok \d+ - (.*)$")]
        private static partial Regex Failure();
    }
}
