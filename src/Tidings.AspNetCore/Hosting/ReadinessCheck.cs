using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Tidings.AspNetCore.Hosting;

/// <summary>Ready while new connections are taken.</summary>
internal sealed class ReadinessCheck(TidingsServices tidings) : IHealthCheck
{
    public const string Tag = "ready";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(tidings.Registry.StopCode is null ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Stopping."));
}
