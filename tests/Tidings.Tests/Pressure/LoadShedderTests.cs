using System.Diagnostics.Metrics;
using TestKit;
using Tidings.Pressure;
using Tidings.Testing;

namespace Tidings.Tests.Pressure;

public sealed class LoadShedderTests : IMeterFactory
{
    private readonly ManualTime _time = new();
    private readonly ManualPressure _pressure = new();
    private readonly LogCollector _log = new();
    private readonly List<Meter> _meters = [];
    private readonly OverloadOptions _options = new();

    [Theory]
    [InlineData(0.89, 999, null)]
    [InlineData(0.90, 0, "memory")]
    [InlineData(0.50, 1000, "threads")]
    public void It_begins_at_the_limit(double memory, int milliseconds, string? reason)
    {
        using var shedder = Make();
        (_pressure.Memory, _pressure.QueueDelay) = (memory, TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(reason, shedder.Reason);
        Assert.Equal(reason is not null, shedder.TryShed());
    }

    [Fact]
    public void It_ends_when_the_pressure_has_been_well_under_the_limit_for_half_a_second()
    {
        using var shedder = Make();
        _pressure.Memory = 0.95;
        Assert.Equal("memory", shedder.Reason);
        _pressure.Memory = 0.88;
        Pass(10);
        Assert.Equal("memory", shedder.Reason);
        _pressure.Memory = 0.80;
        _time.Advance(TimeSpan.FromMilliseconds(400));
        _pressure.Memory = 0.88;
        Pass(1);
        _pressure.Memory = 0.80;
        Pass(0.5);
        Assert.Equal("memory", shedder.Reason);
        Pass(0.5);
        Assert.Null(shedder.Reason);
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public void An_episode_is_told_once_and_counted()
    {
        using var probe = new MetricProbe(this);
        using var shedder = Make();
        _pressure.QueueDelay = TimeSpan.FromSeconds(2);
        for (var i = 0; i < 5; i++)
        {
            Assert.True(shedder.TryShed());
            Pass(0.2);
        }

        _pressure.QueueDelay = TimeSpan.Zero;
        Pass(5);
        Assert.False(shedder.TryShed());
        Assert.Equal(5, probe.Sum("tidings.shed/threads"));
        Assert.Single(_log.Lines);
    }

    [Fact]
    public void Garbage_is_looked_for_when_memory_becomes_short_and_while_it_is()
    {
        using var shedder = Make();
        _pressure.Memory = 0.95;
        Assert.True(shedder.TryShed());
        Assert.Equal(1, _pressure.Relieved);
        Pass(3);
        Assert.Equal(4, _pressure.Relieved);
    }

    [Fact]
    public void Zero_switches_either_off()
    {
        (_options.MemoryPercent, _options.QueueDelay) = (0, TimeSpan.Zero);
        using var shedder = Make();
        (_pressure.Memory, _pressure.QueueDelay) = (2, TimeSpan.FromMinutes(1));
        Assert.False(shedder.TryShed());
    }

    [Fact]
    public void Where_nobody_asks_nothing_is_measured()
    {
        using var shedder = Make();
        Assert.Equal(0, _time.ArmedTimers);
        Assert.Null(shedder.Reason);
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public async Task The_system_tells_how_long_work_waits_and_what_is_in_use()
    {
        var pressure = new SystemPressure();
        Assert.InRange(pressure.Memory, 0.0001, 1);
        _ = pressure.QueueDelay;
        await Eventually.TrueAsync(() => pressure.QueueDelay < TimeSpan.FromSeconds(5), "work is done");
    }

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        _meters.Add(new Meter(options));
        return _meters[^1];
    }

    public void Dispose() => _meters.ForEach(static meter => meter.Dispose());

    private LoadShedder Make() => new(_pressure, _options, _time, this, _log.CreateLogger("shedder"));

    private void Pass(double seconds)
    {
        for (var i = 0; i < seconds * 2; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
        }
    }
}
