namespace Aspire.Hosting.ApplicationModel;

/// <summary>A standalone Tidings server, in a container (<see cref="TidingsResource"/>) or as a program (<see cref="TidingsExecutableResource"/>).</summary>
/// <remarks>The connection string is the address of <c>/connect</c>, which the clients of Tidings take: <c>http://localhost:8000/connect</c>. It has no key in it.</remarks>
public interface ITidingsResource : IResourceWithConnectionString, IResourceWithEndpoints, IResourceWithEnvironment, IResourceWithArgs, IResourceWithWaitSupport
{
    /// <summary>Where the server listens: the endpoint <c>http</c>.</summary>
    EndpointReference PrimaryEndpoint => new(this, "http");

    /// <summary>The address of the server without a path, as <c>http://localhost:8000</c>.</summary>
    ReferenceExpression UriExpression => ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Url)}");

    /// <summary>The key of the server API, for back ends: <c>Tidings:ApiKey</c>.</summary>
    ParameterResource ApiKeyParameter { get; }

    /// <summary>The key of those who run the server, for its dashboard: <c>Tidings:AdminKey</c>. No application is given it.</summary>
    ParameterResource AdminKeyParameter { get; }

    /// <inheritdoc/>
    ReferenceExpression IResourceWithConnectionString.ConnectionStringExpression => ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Url)}/connect");

    /// <inheritdoc/>
    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}")),
        new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}")),
        new("Uri", UriExpression),
        new("ApiKey", ReferenceExpression.Create($"{ApiKeyParameter}")),
    ];
}
