using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Tidings.AspNetCore.Kestrel;

namespace Tidings.AspNetCore.Express;

/// <summary>One handshake as the endpoint sees it. What is answered here is 101, or a refusal with which the connection ends.</summary>
internal sealed class ExpressExchange : HttpResponseFeature, IHttpUpgradeFeature, IHttpConnectionFeature, IHttpRequestLifetimeFeature, IEndpointFeature, IRouteValuesFeature
{
    private readonly DetachableConnection _connection;
    private readonly StreamResponseBodyFeature _body = new(new MemoryStream());
    private List<(Func<object, Task> Callback, object State)>? _completed;
    private bool _upgraded;

    public ExpressExchange(DetachableConnection connection, Endpoint endpoint, RouteValueDictionary? values)
    {
        _connection = connection;
        Endpoint = endpoint;
        RouteValues = values ?? [];
        var remote = connection.RemoteEndPoint as IPEndPoint;
        var local = connection.LocalEndPoint as IPEndPoint;
        (RemoteIpAddress, RemotePort, LocalIpAddress, LocalPort) = (remote?.Address, remote?.Port ?? 0, local?.Address, local?.Port ?? 0);
    }

    public Endpoint? Endpoint { get; set; }
    public RouteValueDictionary RouteValues { get; set; }
    public string ConnectionId { get; set; } = "";
    public IPAddress? RemoteIpAddress { get; set; }
    public IPAddress? LocalIpAddress { get; set; }
    public int RemotePort { get; set; }
    public int LocalPort { get; set; }
    public CancellationToken RequestAborted { get; set; }

    public bool IsUpgradableRequest => !_upgraded;

    public override bool HasStarted => _upgraded;

    /// <summary>Has the endpoint judge the handshake, and lets the connection go where it belongs: to its lane, or away.</summary>
    public async Task RunAsync(HttpRequestFeature request, ExpressHost host)
    {
        try
        {
            await Endpoint!.RequestDelegate!(ContextOf(request, host));
            if (!_upgraded)
            {
                await RefuseAsync(host.Time.GetUtcNow());
            }
        }
#pragma warning disable CA1031 // As the web server does: it is told, and ends this connection alone.
        catch (Exception error)
#pragma warning restore CA1031
        {
            TransportLog.HandshakeFailed(host.Log, error);
        }

        try
        {
            foreach (var (callback, state) in _completed ?? [])
            {
                await callback(state);
            }
        }
        finally
        {
            await _connection.DisposeAsync();
        }
    }

    public async Task<Stream> UpgradeAsync()
    {
        _upgraded = true;
        await SendAsync(StatusCodes.Status101SwitchingProtocols, default);
        return new ExpressStream(_connection.Transport);
    }

    public void Abort() => _connection.Abort();

    public override void OnCompleted(Func<object, Task> callback, object state) => (_completed ??= []).Add((callback, state));

    private DefaultHttpContext ContextOf(HttpRequestFeature request, ExpressHost host)
    {
        var features = new FeatureCollection(12);
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(this);
        features.Set<IHttpResponseBodyFeature>(_body);
        features.Set<IHttpUpgradeFeature>(this);
        features.Set<IHttpConnectionFeature>(this);
        features.Set<IHttpRequestLifetimeFeature>(this);
        features.Set<IEndpointFeature>(this);
        features.Set<IRouteValuesFeature>(this);
        features.Set<IDetachableConnection>(_connection);
        return new DefaultHttpContext(features) { ServiceScopeFactory = host.Scopes };
    }

    private Task RefuseAsync(DateTimeOffset now)
    {
        Headers.Date = now.ToString("r");
        Headers.Connection = "close";
        var text = (MemoryStream)_body.Stream;
        Headers.ContentLength = text.Length;
        return SendAsync(StatusCode, text.GetBuffer().AsMemory(0, (int)text.Length));
    }

    private async Task SendAsync(int status, ReadOnlyMemory<byte> body)
    {
        var head = new StringBuilder(256).Append("HTTP/1.1 ").Append(status).Append(' ').Append(ReasonPhrases.GetReasonPhrase(status)).Append("\r\n");
        foreach (var (name, values) in Headers)
        {
            foreach (var value in values)
            {
                head.Append(name).Append(": ").Append(value).Append("\r\n");
            }
        }

        head.Append("\r\n");
        var output = _connection.Transport.Output;
        Encoding.ASCII.GetBytes(head.ToString(), output);
        await output.WriteAsync(body);
        await output.FlushAsync();
    }
}
