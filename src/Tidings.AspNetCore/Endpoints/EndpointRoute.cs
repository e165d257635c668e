using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Services;
using Tidings.Connections;
using Tidings.Quotas;

namespace Tidings.AspNetCore.Endpoints;

/// <summary>A <c>MapWebSocket</c> route as it is once all conventions are known.</summary>
internal sealed class EndpointRoute
{
    private readonly RequestDelegate _handler;

    public EndpointRoute(EndpointBuilder endpoint, RequestDelegate handler)
    {
        var services = endpoint.ApplicationServices;
        var textHeartbeat = endpoint.Metadata.OfType<TextHeartbeatMetadata>().Any();
        _handler = handler;
        Tidings = services.GetTidings();
        Name = endpoint.DisplayName ?? "a WebSocket route";
        Limits = endpoint.Metadata.OfType<EndpointLimits>().LastOrDefault() ?? new EndpointLimits();
        Settings = Limits.ToSettings(Tidings.Node.Options.Heartbeat.Interval, textHeartbeat);
        Connections = new EndpointHandler(textHeartbeat);
        Json = services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        Log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Tidings.WebSocket");
    }

    public Edge Tidings { get; }
    public string Name { get; }
    public EndpointLimits Limits { get; }
    public ConnectionSettings Settings { get; }
    public EndpointHandler Connections { get; }
    public JsonSerializerOptions Json { get; }
    public ILogger Log { get; }

    public async Task EnterAsync(HttpContext context)
    {
        var entrance = Tidings.Entrance;
        var address = AddressKey.From(context.Connection.RemoteIpAddress);
        if (await entrance.CheckAsync(context) is { } deflate && await entrance.TryEnterAsync(context, address))
        {
            await new EndpointSession(context, this, deflate, address).RunAsync(_handler);
        }
    }
}

/// <summary>Marks a route whose heartbeat is also text.</summary>
internal sealed class TextHeartbeatMetadata;
