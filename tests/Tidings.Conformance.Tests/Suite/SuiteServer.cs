using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Tidings.Conformance.Tests.Client;
using Tidings.Conformance.Tests.Infrastructure;

namespace Tidings.Conformance.Tests.Suite;

/// <summary>One server for all cases on one pump. At the end it prints a line for each section.</summary>
public abstract class SuiteServer(string pump) : IAsyncLifetime
{
    private static readonly TimeSpan MostForOneCase = TimeSpan.FromSeconds(SuiteSize.IsFull ? 480 : 60);

    private readonly ConcurrentDictionary<int, (int Run, int Passed, double Seconds)> _sections = [];
    private TestServer? _server;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(pump);

    /// <summary>Runs one case on a connection of its own.</summary>
    public async Task RunAsync(string id)
    {
        var @case = AllCases.ById[id];
        var started = Stopwatch.GetTimestamp();
        var passed = 0;
        try
        {
            await using var client = await WireClient.OpenAsync(_server!.Port, @case.Offer);
            await @case.Run(client).WaitAsync(MostForOneCase);
            passed = 1;
        }
        finally
        {
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            _sections.AddOrUpdate(@case.Section, (1, passed, seconds), (_, sum) => (sum.Run + 1, sum.Passed + passed, sum.Seconds + seconds));
        }
    }

    public async ValueTask DisposeAsync()
    {
        var server = _server!;
        foreach (var (section, sum) in _sections.OrderBy(static section => section.Key))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"conformance on {pump}, section {section}: {sum.Passed} of {AllCases.PerSection[section]} cases in {sum.Seconds:F1} s"));
        }

        Console.WriteLine($"conformance on {pump}: {_sections.Values.Sum(static sum => sum.Passed)} of {AllCases.PerSection.Values.Sum()} cases");
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
        await server.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

public sealed class LanesSuiteServer() : SuiteServer(Pump.Lanes);

public sealed class StreamsSuiteServer() : SuiteServer(Pump.Streams);
