using System.Diagnostics.CodeAnalysis;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Tidings.Diagnostics;

namespace Tidings.Server.Telemetry;

/// <summary>Sends metrics and spans to a collector of OpenTelemetry for as long as the server runs. One that is away keeps nobody waiting.</summary>
/// <remarks>What the library reads from the environment (<c>OTEL_*</c>) holds, from the server's other configuration too.</remarks>
internal sealed class OtlpExport(Uri endpoint, IConfiguration configuration, string version) : IHostedService, IDisposable
{
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    // OTLP over HTTP has a port of its own.
    private const int HttpPort = 4318;

    private OpenTelemetrySdk? _sdk;

    public static bool IsEndpoint([NotNullWhen(true)] string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var overHttp = configuration[Protocol] is { } named ? named == "http/protobuf" : endpoint.Port == HttpPort;
        _sdk = OpenTelemetrySdk.Create(builder =>
        {
            builder.Services.AddSingleton(configuration);
            builder.ConfigureResource(resource => resource.AddService("tidings", serviceVersion: version).AddEnvironmentVariableDetector());
            builder.UseOtlpExporter(overHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc, endpoint);
            builder.WithMetrics(static metrics => metrics.AddMeter(TidingsMeter.Name, "System.Runtime"));
            builder.WithTracing(static traces => traces.AddSource(TidingsMeter.Name, "Microsoft.AspNetCore", "System.Net.Http"));
        });
        return Task.CompletedTask;
    }

    // What is still to be sent is, within the library's own time.
    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, CancellationToken.None).WaitAsync(cancellationToken);

    public void Dispose() => Interlocked.Exchange(ref _sdk, null)?.Dispose();
}
