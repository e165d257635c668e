using Microsoft.Extensions.DependencyInjection;

namespace Tidings.Engine;

internal static class NodeExtensions
{
    /// <summary>What an application without Tidings is told.</summary>
    public const string Missing = "Tidings is not among the application's services: call builder.Services.AddTidings() before builder.Build().";

    /// <summary>The engine of the application.</summary>
    /// <exception cref="InvalidOperationException">The application did not add it.</exception>
    public static Node GetNode(this IServiceProvider services) => services.GetService<Node>() ?? throw new InvalidOperationException(Missing);
}
