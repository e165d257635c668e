using Microsoft.Extensions.Logging;
using Tidings.Brokers;
using Tidings.Tasks;
using Tidings.Testing;

namespace Tidings.Tests.Diagnostics;

public sealed class TaskOutageTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly TestKit.LogCollector _log = new(LogLevel.Information);

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Each_reason_is_told_once_and_the_end_when_nothing_has_failed_for_a_second()
    {
        var outages = Create();
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            outages.NotKept(new BrokerUnavailableException("The database cannot be reached."));
            outages.NotTold(new BrokerUnavailableException("The broker is away."));
            outages.Kept();
        }

        Assert.Equal(2, _log.Lines.Count);
        Assert.DoesNotContain(_log.Lines, static line => line.Contains("   at ", StringComparison.Ordinal));
        _time.Advance(TimeSpan.FromSeconds(1));
        outages.Kept();
        outages.Told();
        outages.Told();
        Assert.Equal(
            [
                "Task states cannot be stored: The database cannot be reached. Retrying; the recovery is logged",
                "Task states cannot be published: The broker is away. Retrying; the recovery is logged",
                "Task states are stored again, after 99 s",
                "Task states are published again, after 99 s",
            ],
            _log.Lines.Select(static line => line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..].TrimEnd()));
    }

    [Fact]
    public void What_nobody_expected_is_told_with_its_stack()
    {
        var outages = Create();
        outages.NotKept(Thrown());
        Assert.Contains("   at ", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    private TaskOutages Create() =>
        new(new MemoryTaskStore(_time, 1 << 20), _time, LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Information).AddProvider(_log)).CreateLogger("Tidings.Tasks"));

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("A fault.");
        }
        catch (InvalidOperationException error)
        {
            return error;
        }
    }
}
