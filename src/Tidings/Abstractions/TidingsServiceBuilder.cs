using Microsoft.Extensions.DependencyInjection;

namespace Tidings;

/// <summary>What <c>AddTidings</c> returns: packages add what they have to the same services by extension methods on it.</summary>
/// <param name="services">The application's services.</param>
public sealed class TidingsServiceBuilder(IServiceCollection services)
{
    /// <summary>The application's services.</summary>
    public IServiceCollection Services => services;
}
