using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Authentication;
using Tidings.AspNetCore.Contract;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.Hooks;
using Tidings.AspNetCore.Keys;
using Tidings.AspNetCore.Origins;
using Tidings.Connections;
using Tidings.Engine;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Services;

/// <summary>What stands between the web and a node: who a request comes from, what pages may do, the server's keys, and the entrance of WebSockets.</summary>
internal sealed class Edge
{
    private readonly SharedRate _handshakes;
    private readonly ConfiguredHooks _hooks;
    private volatile string? _madeAdminKey;
    private volatile TidingsOptions _options;

    public Edge(Node node, CallTable calls, ConfiguredHooks hooks, IServiceProvider provider, IOptions<JsonOptions> json, ILogger<ConnectionRegistry> log)
    {
        var (options, registry, limits) = (node.Options, node.Registry, node.Limits);
        (Node, Calls, Provider, _hooks, _options) = (node, calls, provider, hooks, options);
        HandlerJson = new HandlerJson(json.Value.SerializerOptions);
        Handlers = new HandlerRunner(provider.GetRequiredService<IServiceScopeFactory>(), node.Time, options.HandlerTimeout);
        ConnectHook = hooks.Connect(() => registry.Revocations.Clock.Now);
        Authentication = new RequestAuthenticator(node.Authenticator, node.Tickets, registry.Revocations, node.Time) { ClaimNames = ClaimNames(options) };
        AuthenticationRule = new AuthenticationRule(AuthenticationMethods.All, options.RequireAuthentication);
        LocalRule = provider.GetService<DirectLocalRule>() ?? DirectLocalRule.Of(provider);
        var trustsLocal = LocalRule.HoldsWith(options);
        ApiAccess = new ServerKey(ApiKeys(options), limits.ApiRate, trustsLocal, node.Time, registry.Metrics, registry.Refusals);
        AdminAccess = new ServerKey(AdminKeys(options), RateLimit.None, trustsLocal, node.Time, registry.Metrics, registry.Refusals);
        TaskAccess = new ServerKey(TaskKeys(options), limits.ApiRate, trustsLocal, node.Time, registry.Metrics, registry.Refusals);
        Origins = new OriginPolicy(options.AllowedOrigins, new OwnHosts(provider));
        CrossOrigin = new CrossOrigin([.. options.AllowedOrigins], provider.GetRequiredService<ILoggerFactory>());
        Forwarding = new ForwardingNotice(log);
        _handshakes = new SharedRate(limits.HandshakeRate, node.Time);
        Entrance = new WebSocketEntrance(registry, node.Lanes, Origins, Authentication, AuthenticationRule, new EntranceGuards(_handshakes, Forwarding, options.Compression.Enabled));
    }

    /// <summary>The engine behind it.</summary>
    public Node Node { get; }

    /// <summary>The application's services.</summary>
    public IServiceProvider Provider { get; }

    public HandlerJson HandlerJson { get; }
    public HandlerRunner Handlers { get; }
    public CallTable Calls { get; }

    /// <summary>What the application declares of itself.</summary>
    public ApplicationContract Contract { get; } = new();

    public ConnectHook? ConnectHook { get; }

    /// <summary>Who requests come from.</summary>
    public RequestAuthenticator Authentication { get; }

    /// <summary>What routes ask of those who come, where they don't say otherwise.</summary>
    public AuthenticationRule AuthenticationRule { get; }

    public OriginPolicy Origins { get; }
    public CrossOrigin CrossOrigin { get; }

    /// <summary>Whether direct local requests need no key.</summary>
    public DirectLocalRule LocalRule { get; }

    /// <summary>Who may use the server API and <c>POST /broadcast</c>.</summary>
    public ServerKey ApiAccess { get; }

    /// <summary>Who may do what only those do who run the server.</summary>
    public ServerKey AdminAccess { get; }

    /// <summary>Who may report tasks.</summary>
    public ServerKey TaskAccess { get; }

    public WebSocketEntrance Entrance { get; }
    public ForwardingNotice Forwarding { get; }

    /// <summary>The admin key in force, or null.</summary>
    public string? AdminKey => _options.AdminKey ?? _madeAdminKey;

    /// <summary>Has a key in the place of <see cref="TidingsOptions.AdminKey"/> as long as that is not set.</summary>
    public void UseMadeAdminKey(string key)
    {
        _madeAdminKey = key;
        ChangeKeys(_options);
    }

    /// <summary>What keeps options, valid in themselves, from taking the place of those in force, here or in the node.</summary>
    public IEnumerable<string> ReloadFaults(TidingsOptions options)
    {
        foreach (var fault in Node.ReloadFaults(options))
        {
            yield return fault;
        }

        if (!_hooks.CanBeCalled && options.Channels.Any(static kind => kind.OnSubscribe is not null || kind.OnPublish is not null))
        {
            yield return "Tidings:Channels has a hook, and there was no Tidings:Hooks:Secret: the server must be restarted to call hooks.";
        }
    }

    /// <summary>Puts what may change while the server runs in force, here and in the node: limits, kinds of channels, keys and origins.</summary>
    /// <remarks>For the standalone server alone, all of whose kinds come from its options.</remarks>
    /// <param name="options">Valid, and without <see cref="ReloadFaults"/>.</param>
    public void Reload(TidingsOptions options)
    {
        Node.Reload(options);
        Authentication.ClaimNames = ClaimNames(options);
        _handshakes.Change(Node.Limits.HandshakeRate);
        ChangeKeys(options);
        Origins.Change(options.AllowedOrigins);
        CrossOrigin.Change([.. options.AllowedOrigins]);
    }

    /// <summary>What connections of the server's own text routes may do.</summary>
    /// <param name="binary">Whether binary messages are taken.</param>
    public LiveSettings TextRoute(bool binary) => new(() => Node.Limits, limits => new ConnectionSettings
    {
        Messages = limits.Messages(binary),
        Rate = limits.Rate,
        ByteRate = limits.ByteRate,
        SharesRates = true,
        ControlRate = limits.ControlRate,
        Heartbeat = Node.Options.Heartbeat.Interval,
        TextHeartbeat = true,
        QueueBytes = limits.QueueBytes == 0 ? int.MaxValue : limits.QueueBytes,
    });

    private static string[] ClaimNames(TidingsOptions options) => [.. options.Channels.SelectMany(static kind => kind.ClaimNames).Distinct(StringComparer.Ordinal)];

    private void ChangeKeys(TidingsOptions options)
    {
        var trustsLocal = LocalRule.HoldsWith(options);
        ApiAccess.Change(ApiKeys(options), Node.Limits.ApiRate, trustsLocal);
        AdminAccess.Change(AdminKeys(options), RateLimit.None, trustsLocal);
        TaskAccess.Change(TaskKeys(options), Node.Limits.ApiRate, trustsLocal);
        _options = options;
    }

    private (string Option, string? Key)[] ApiKeys(TidingsOptions options) => [("Tidings:ApiKey", options.ApiKey), .. AdminKeys(options)];

    private (string Option, string? Key)[] AdminKeys(TidingsOptions options) => [(ServerKey.AdminKey, options.AdminKey ?? _madeAdminKey)];

    private (string Option, string? Key)[] TaskKeys(TidingsOptions options) => [("Tidings:WorkerKey", options.WorkerKey), .. ApiKeys(options)];
}

internal static class EdgeExtensions
{
    /// <summary>The edge of the application.</summary>
    /// <exception cref="InvalidOperationException">The application did not add it.</exception>
    public static Edge GetTidings(this IServiceProvider services) => services.GetService<Edge>() ?? throw new InvalidOperationException(NodeExtensions.Missing);
}
