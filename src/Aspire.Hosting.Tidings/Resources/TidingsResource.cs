namespace Aspire.Hosting.ApplicationModel;

/// <summary>A standalone Tidings server in a container.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="apiKey">The key of the server API.</param>
/// <param name="adminKey">The key of those who run the server.</param>
public sealed class TidingsResource(string name, ParameterResource apiKey, ParameterResource adminKey) : ContainerResource(name), ITidingsResource
{
    /// <inheritdoc/>
    public ParameterResource ApiKeyParameter { get; } = apiKey ?? throw new ArgumentNullException(nameof(apiKey));

    /// <inheritdoc/>
    public ParameterResource AdminKeyParameter { get; } = adminKey ?? throw new ArgumentNullException(nameof(adminKey));
}
