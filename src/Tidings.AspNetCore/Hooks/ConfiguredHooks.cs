using Microsoft.Extensions.Logging;
using Tidings.Connections;
using Tidings.Pressure;
using Tidings.Rules;

namespace Tidings.AspNetCore.Hooks;

/// <summary>The hooks that options name; none where there is no secret to sign with.</summary>
internal sealed class ConfiguredHooks : IDisposable
{
    private readonly HookOptions _options;
    private readonly HookClient? _client;

    public ConfiguredHooks(HookOptions options, BackEnds backEnds, BodyBudget bodies, TimeProvider time, ILogger<ConnectionRegistry> log)
    {
        _options = options;
        _client = options.Secret is null ? null : new HookClient(options, backEnds, bodies, time, log);
    }

    /// <summary>Whether hooks can be called.</summary>
    public bool CanBeCalled => _client is not null;

    /// <summary>Carries out calls; null where no hook does.</summary>
    public ICallHandler? Calls => Make(_options.Call, static (client, url) => new CallHook(client, url));

    /// <summary>Says who may connect; null where no hook does.</summary>
    /// <param name="now">When an identity is issued, in Unix milliseconds by the broker's clock.</param>
    public ConnectHook? Connect(Func<long> now) => Make(_options.Connect, (client, url) => new ConnectHook(client, url, _options.Refresh is { } refresh ? new Uri(refresh) : null, now));

    /// <summary>A kind of channels with the hooks that it names.</summary>
    public ChannelKind KindOf(ChannelOptions options) => ChannelKindFactory.From(options) with
    {
        OnSubscribe = Make(options.OnSubscribe, static (client, url) => new SubscribeHook(client, url)),
        OnPublish = Make(options.OnPublish, static (client, url) => new PublishHook(client, url)),
    };

    public void Dispose() => _client?.Dispose();

    private T? Make<T>(string? url, Func<HookClient, Uri, T> make)
        where T : class => url is null ? null : make(_client!, new Uri(url));
}
