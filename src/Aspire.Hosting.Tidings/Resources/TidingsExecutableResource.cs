namespace Aspire.Hosting.ApplicationModel;

/// <summary>A standalone Tidings server as a program of this machine.</summary>
/// <param name="name">The name of the resource.</param>
/// <param name="command">The program <c>tidings</c>: a path, or a name that is found on the <c>PATH</c>.</param>
/// <param name="workingDirectory">Where it is started, and reads an <c>appsettings.json</c>.</param>
/// <param name="apiKey">The key of the server API.</param>
/// <param name="adminKey">The key of those who run the server.</param>
public sealed class TidingsExecutableResource(string name, string command, string workingDirectory, ParameterResource apiKey, ParameterResource adminKey)
    : ExecutableResource(name, command, workingDirectory), ITidingsResource
{
    /// <inheritdoc/>
    public ParameterResource ApiKeyParameter { get; } = apiKey ?? throw new ArgumentNullException(nameof(apiKey));

    /// <inheritdoc/>
    public ParameterResource AdminKeyParameter { get; } = adminKey ?? throw new ArgumentNullException(nameof(adminKey));
}
