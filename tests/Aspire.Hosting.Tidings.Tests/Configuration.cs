using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Tidings.Tests;

/// <summary>What a resource is started with: values while an app host runs, expressions where it is published.</summary>
internal static class Configuration
{
    public static async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(this IResourceBuilder<IResource> resource, DistributedApplicationOperation operation = DistributedApplicationOperation.Run)
    {
        var result = await ResultAsync(ExecutionConfigurationBuilder.Create(resource.Resource).WithEnvironmentVariablesConfig(), resource, operation);
        return result.EnvironmentVariables.ToDictionary(StringComparer.Ordinal);
    }

    public static async Task<IEnumerable<string>> ArgumentsAsync(this IResourceBuilder<IResource> resource) =>
        (await ResultAsync(ExecutionConfigurationBuilder.Create(resource.Resource).WithArgumentsConfig(), resource, DistributedApplicationOperation.Run)).Arguments.Select(static one => one.Value);

    private static async Task<IExecutionConfigurationResult> ResultAsync(IExecutionConfigurationBuilder configuration, IResourceBuilder<IResource> resource, DistributedApplicationOperation operation)
    {
        await using var services = resource.ApplicationBuilder.Services.BuildServiceProvider();
        var options = new DistributedApplicationExecutionContextOptions(operation) { Services = services };
        var result = await configuration.BuildAsync(new DistributedApplicationExecutionContext(options), NullLogger.Instance, TestContext.Current.CancellationToken);
        Assert.Null(result.Exception);
        return result;
    }
}
