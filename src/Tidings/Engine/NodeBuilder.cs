using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Tidings.Connections;
using Tidings.Lanes;
using Tidings.Pressure;
using Tidings.Quotas;
using Tidings.Rules;
using Tidings.Security;
using Tidings.Sessions;

namespace Tidings.Engine;

/// <summary>What a node is made of. What is not given is the engine's own.</summary>
/// <param name="Options">Valid ones.</param>
/// <param name="Meters">Where its instruments belong to.</param>
/// <param name="Log">Where it logs.</param>
internal sealed record NodeBuilder(TidingsOptions Options, IMeterFactory Meters, ILogger Log)
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Its lanes. Their giver disposes them.</summary>
    public required LaneSet Lanes { get; init; }

    public IPressure Pressure { get; init; } = new SystemPressure();

    /// <summary>The memory of what has arrived in part.</summary>
    public BodyBudget Bodies { get; init; } = BodiesOf(Options);

    /// <summary>Places for the subscriptions of all clients.</summary>
    public SenderShares Subscriptions { get; init; } = Subscribing.SharesOfProcess();

    /// <summary>Places for what waits of histories.</summary>
    public SenderShares Backlogs { get; init; } = ConnectionRegistry.BacklogsOfProcess();

    /// <summary>Its ground, where parts of an engine were made for it already; null for one of its own.</summary>
    public EngineSite? Site { get; init; }

    /// <summary>Makes what it shares, but for parts that <see cref="Services"/> has.</summary>
    public IBackplaneFactory Backplane { get; init; } = new MemoryBackplaneFactory();

    /// <summary>Where parts of an engine are registered; null for nowhere.</summary>
    public IServiceProvider? Services { get; init; }

    /// <summary>Checks tokens; null for what <see cref="TidingsOptions.Jwt"/> says.</summary>
    public ITokenAuthenticator? Tokens { get; init; }

    /// <summary>How the application writes JSON.</summary>
    public required JsonSerializerOptions Json { get; init; }

    /// <summary>Makes the kind of channels that options describe.</summary>
    public Func<ChannelOptions, ChannelKind> KindOf { get; init; } = ChannelKindFactory.From;

    /// <summary>The methods that clients may call; null for none.</summary>
    public ICallHandler? Calls { get; init; }

    /// <summary>Over how long connections are closed where the node goes.</summary>
    public TimeSpan DrainSpan { get; init; }

    /// <summary>Whether clients are told why something is refused.</summary>
    public bool TellsReasons { get; init; }

    public Node Build() => new(this);

    /// <summary>Registers what a node is made of, unless something else stands in its place already.</summary>
    /// <param name="services">The application's services; time, meters and logging are among them.</param>
    /// <param name="options">The node's options.</param>
    public static void TryAddParts(IServiceCollection services, Func<IServiceProvider, TidingsOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LaneSet>();
        services.TryAddSingleton<IPressure, SystemPressure>();
        services.TryAddSingleton(provider => BodiesOf(options(provider)));
        services.TryAddSingleton(provider => new EngineSite(
            options(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<LaneSet>(), provider.GetRequiredService<IMeterFactory>(), provider.GetRequiredService<ILogger<ConnectionRegistry>>()));
    }

    /// <summary>A builder of the parts that are registered.</summary>
    public static NodeBuilder Of(IServiceProvider services, TidingsOptions options, JsonSerializerOptions json) =>
        new(options, services.GetRequiredService<IMeterFactory>(), services.GetRequiredService<ILogger<ConnectionRegistry>>())
        {
            Time = services.GetRequiredService<TimeProvider>(),
            Lanes = services.GetRequiredService<LaneSet>(),
            Pressure = services.GetRequiredService<IPressure>(),
            Bodies = services.GetRequiredService<BodyBudget>(),
            Site = services.GetRequiredService<EngineSite>(),
            Backplane = services.GetService<IBackplaneFactory>() ?? new MemoryBackplaneFactory(),
            Services = services,
            Tokens = services.GetService<ITokenAuthenticator>(),
            Json = json,
        };

    private static BodyBudget BodiesOf(TidingsOptions options) => BodyBudget.OfProcess(Limits.From(options.Limits).Messages(binary: true).HardLimit);
}
