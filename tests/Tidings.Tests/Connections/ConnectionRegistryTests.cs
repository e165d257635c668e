using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using TestKit;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Quotas;

namespace Tidings.Tests.Connections;

public sealed class ConnectionRegistryTests : IMeterFactory
{
    private static readonly AddressKey Here = AddressKey.From(IPAddress.Loopback);
    private static readonly AddressKey There = AddressKey.From(IPAddress.IPv6Loopback);

    private readonly LaneSet _lanes = new(TimeProvider.System, NullLogger<LaneSet>.Instance);
    private readonly List<Meter> _meters = [];

    [Fact]
    public async Task A_user_has_so_many_connections_wherever_they_come_from()
    {
        using var probe = new MetricProbe(this);
        var registry = Registry(new ConnectionLimits(0, 0) { ConnectionsPerUser = 2 });
        foreach (var address in new[] { Here, There, There, Here })
        {
            Assert.Equal(Admission.Admitted, registry.Enter(address));
        }

        foreach (var (user, may) in new[] { ("ada", true), ("ada", true), ("ada", false), ("bob", true) })
        {
            Assert.Equal(may, await registry.TryEnterAsAsync(user));
        }

        Assert.Equal((4, 2, 1), (registry.Count, registry.CountOf("ada"), registry.CountOf("bob")));
        registry.Leave(Here, "ada");
        Assert.True(await registry.TryEnterAsAsync("ada"));
        registry.Leave(Here, "ada");
        registry.Leave(There, "ada");
        registry.Leave(There, "bob");
        Assert.Equal((0, 0, 0), (registry.Count, registry.CountOf("ada"), registry.CountOf("bob")));
        Assert.Equal(1, probe.Sum("tidings.refused_connections/user"));
    }

    [Fact]
    public void Who_is_refused_has_taken_no_place()
    {
        var registry = Registry(new ConnectionLimits(3, 1));
        Assert.Equal(Admission.Admitted, registry.Enter(Here));
        Assert.Equal(Admission.AddressFull, registry.Enter(Here));
        Assert.Equal(Admission.Admitted, registry.Enter(There));
        Assert.Equal(Admission.Admitted, registry.Enter(default));
        Assert.Equal(Admission.NodeFull, registry.Enter(default));
        registry.Leave(Here);
        Assert.Equal(Admission.Admitted, registry.Enter(Here));
        Assert.Equal(3, registry.Count);
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
