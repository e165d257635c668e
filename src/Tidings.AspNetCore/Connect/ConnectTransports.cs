using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tidings.AspNetCore.Entrance;
using Tidings.AspNetCore.Handshake;
using Tidings.AspNetCore.HttpTransports;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Connect;

/// <summary>The transports of the channel protocol, and which of them a request asks for.</summary>
internal sealed class ConnectTransports
{
    private const string EventStream = "text/event-stream";

    // How long a client may take to read an answer that is whole, before its place is given to others.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly Edge _tidings;
    private readonly WebSocketRoute _webSockets;
    private readonly WebSocketRoute _binaryWebSockets;
    private readonly EventStreamRoute _events;
    private readonly PollRoute _polls;
    private readonly CommandRoute _commands;

    public ConnectTransports(Edge tidings)
    {
        _tidings = tidings;
        var route = new ConnectRoute(tidings, tidings.Node.Channels);
        var entrance = new HttpEntrance(tidings, route);
        var settings = tidings.TextRoute(binary: false);
        var answering = settings.With(static settings => settings with { Heartbeat = TimeSpan.Zero, CloseTimeout = AnswerTimeout });
        _webSockets = route.WebSockets(settings);
        _binaryWebSockets = new ConnectRoute(tidings, tidings.Node.BinaryChannels).WebSockets(tidings.TextRoute(binary: true)) with
        {
            Subprotocols = [ProtocolVersion.BinarySubprotocol, ProtocolVersion.Subprotocol],
        };
        _events = new EventStreamRoute(entrance, tidings.Node.Registry.Metrics, settings.With(static settings => settings with { TextHeartbeat = false }));
        _polls = new PollRoute(entrance, tidings.Node.Registry.Metrics, answering, tidings.Node.Time);

        // Rates are counted by sender, and an answer is bounded by what it is before each command.
        var saying = answering.With(static settings => settings with
        {
            Rate = RateLimit.None,
            ControlRate = RateLimit.None,
            ByteRate = RateLimit.None,
            SharesRates = false,
            QueueBytes = int.MaxValue,
        });
        _commands = new CommandRoute(entrance, tidings.Node.Channels, tidings.Node.Actions, settings, saying);
    }

    /// <summary>A WebSocket, a stream or a poll, as the request says.</summary>
    public Task ServeAsync(HttpContext context)
    {
        if (IsHandshake(context))
        {
            return EnterAsync(context);
        }

        _tidings.CrossOrigin.AddHeaders(context);
        var request = context.Request;
        return request.Headers.Accept.ToString().Contains(EventStream, StringComparison.OrdinalIgnoreCase) ? _events.ServeAsync(context)
            : request.Query.ContainsKey("since") || request.Query.ContainsKey("wait") ? _polls.ServeAsync(context)
            : EnterAsync(context);
    }

    private Task EnterAsync(HttpContext context) => _tidings.Entrance.EnterAsync(context, AsksForBinary(context) ? _binaryWebSockets : _webSockets);

    public Task ServeEventsAsync(HttpContext context) => _events.ServeAsync(context);

    public Task ServePollAsync(HttpContext context) => _polls.ServeAsync(context);

    public Task ServeCommandsAsync(HttpContext context) => _commands.ServeAsync(context);

    private static bool AsksForBinary(HttpContext context) =>
        context.Request.Query["binary"] == "true" || WebSocketHandshake.Offers(context, ProtocolVersion.BinarySubprotocol);

    private static bool IsHandshake(HttpContext context) =>
        context.Request.Headers.Upgrade.Count > 0 || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
}
