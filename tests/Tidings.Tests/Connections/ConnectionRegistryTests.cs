using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Connections;
using Tidings.Lanes;

namespace Tidings.Tests.Connections;

public sealed class ConnectionRegistryTests : IMeterFactory
{
    private static readonly AddressKey Here = AddressKey.From(IPAddress.Loopback);
    private static readonly AddressKey There = AddressKey.From(IPAddress.IPv6Loopback);

    private readonly LaneSet _lanes = new(TimeProvider.System, NullLogger<LaneSet>.Instance);
    private readonly List<Meter> _meters = [];

    [Fact]
    public void A_user_has_so_many_connections_wherever_they_come_from()
    {
        var registry = Registry(new ConnectionLimits(0, 0) { ConnectionsPerUser = 2 });
        foreach (var address in new[] { Here, There, There, Here })
        {
            Assert.Equal(Admission.Admitted, registry.Enter(address));
        }

        Assert.True(registry.TryEnterAs("ada"));
        Assert.True(registry.TryEnterAs("ada"));
        Assert.False(registry.TryEnterAs("ada"));
        Assert.True(registry.TryEnterAs("bob"));
        registry.Leave(Here, "ada");
        Assert.True(registry.TryEnterAs("ada"));
        Assert.Equal((3, 2), (registry.Count, registry.CountOf("ada")));
    }

    [Fact]
    public void Who_says_later_who_he_is_counts_from_then_on()
    {
        using var probe = new MetricProbe(this);
        var registry = Registry(new ConnectionLimits(0, 0) { ConnectionsPerUser = 1 });
        Assert.Equal(Admission.Admitted, registry.Enter(Here));
        Assert.Equal(Admission.Admitted, registry.Enter(Here));
        Assert.True(registry.TryEnterAs("ada"));
        Assert.False(registry.TryEnterAs("ada"));
        registry.Leave(Here, "ada");
        Assert.True(registry.TryEnterAs("ada"));
        registry.Leave(Here, "ada");
        Assert.Equal((0, 0), (registry.Count, registry.CountOf("ada")));
        Assert.Equal(1, probe.Sum("tidings.refused_connections/user"));
    }

    Meter IMeterFactory.Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    void IDisposable.Dispose()
    {
        _meters.ForEach(static meter => meter.Dispose());
        _lanes.Dispose();
    }

    private ConnectionRegistry Registry(ConnectionLimits limits) => new(_lanes, limits, TimeProvider.System, this, NullLogger.Instance);
}
