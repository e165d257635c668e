using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tidings.AspNetCore.Services;

namespace Tidings.AspNetCore.Hosting;

/// <summary>Ready while new connections are taken in, and what nodes share can be reached.</summary>
internal sealed class ReadinessCheck(Edge tidings) : IHealthCheck
{
    public const string Tag = "ready";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            tidings.Node.Registry.IsDraining ? HealthCheckResult.Unhealthy("Draining.")
            : tidings.Node.Shedder.Reason is { } reason ? HealthCheckResult.Unhealthy($"Overloaded: {reason} is short.")
            : !tidings.Node.Engine.IsAvailable ? HealthCheckResult.Unhealthy("The broker cannot be reached.")
            : tidings.Node.Engine.Refusal is { } refusal ? HealthCheckResult.Degraded($"{refusal} Reading goes on.")
            : HealthCheckResult.Healthy());
}
