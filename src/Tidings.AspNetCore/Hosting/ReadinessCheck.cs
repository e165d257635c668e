using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tidings.AspNetCore.Services;

namespace Tidings.AspNetCore.Hosting;

/// <summary>Ready while new connections are taken in, and what nodes share can be reached.</summary>
internal sealed class ReadinessCheck(TidingsServices tidings) : IHealthCheck
{
    public const string Tag = "ready";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            tidings.Registry.IsDraining ? HealthCheckResult.Unhealthy("Draining.")
            : tidings.Shedder.Reason is { } reason ? HealthCheckResult.Unhealthy($"Overloaded: {reason} is short.")
            : !tidings.Backplane.IsAvailable ? HealthCheckResult.Unhealthy("The broker cannot be reached.")
            : HealthCheckResult.Healthy());
}
