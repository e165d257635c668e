using Microsoft.AspNetCore.Builder;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>Tests of a server whose WebSockets one pump moves. Each test has a server of its own.</summary>
public abstract class ServerTests(string pump)
{
    /// <summary>What is tested without regard to the pump.</summary>
    protected ServerTests()
        : this(Pump.Streams)
    {
    }

    /// <summary>Whether an answer still reaches a peer that has ended its own direction. Kestrel gives up the output of a connection
    /// as soon as its input ends; the lanes do not.</summary>
    protected bool OutlivesHalfClose => pump != Pump.Streams;

    internal Task<TestServer> StartAsync(params (string Key, string? Value)[] settings) =>
        TestServer.StartAsync(pump, settings: settings);

    /// <summary>A server some of whose services are the test's.</summary>
    internal Task<TestServer> StartAsync(Action<WebApplicationBuilder> configure, params (string Key, string? Value)[] settings) =>
        TestServer.StartAsync(pump, configure: configure, settings: settings);

    /// <summary>A server whose clock stands still until it is advanced.</summary>
    internal Task<TestServer> StartAsync(ManualTime time, params (string Key, string? Value)[] settings) =>
        TestServer.StartAsync(pump, time, settings: settings);

    internal Task<TestServer> StartAsync(ManualTime time, Action<WebApplicationBuilder> configure, params (string Key, string? Value)[] settings) =>
        TestServer.StartAsync(pump, time, configure, settings);
}
