using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Tidings.EndToEnd.Tests.Infrastructure;

/// <summary>A collector of OpenTelemetry that takes all and says yes, over gRPC or over HTTP.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, string Body)> _requests;

    private OtlpCollector(WebApplication app, ConcurrentQueue<(string Path, string Body)> requests) => (_app, _requests) = (app, requests);

    public string Url => _app.Urls.First();

    public static async Task<OtlpCollector> StartAsync(bool grpc)
    {
        var requests = new ConcurrentQueue<(string Path, string Body)>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            requests.Enqueue((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            if (grpc)
            {
                // One empty message, and that all is well.
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[5]);
                context.Response.AppendTrailer("grpc-status", "0");
            }
            else
            {
                context.Response.ContentType = "application/x-protobuf";
            }
        });
        await app.StartAsync();
        return new OtlpCollector(app, requests);
    }

    /// <summary>Whether a request to a path had a text in it.</summary>
    public bool Has(string path, string text) =>
        _requests.Any(request => request.Path == path && request.Body.Contains(text, StringComparison.Ordinal));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
