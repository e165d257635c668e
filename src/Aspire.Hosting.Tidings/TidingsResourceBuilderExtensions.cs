using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Adds standalone Tidings servers to an app host, and tells them what they use.</summary>
public static class TidingsResourceBuilderExtensions
{
    private const string Image = "tidings";
    private const string ImageTag = "0.1.0";
    private const int ContainerPort = 8000;

    /// <summary>Adds a server in a container of the image <c>tidings:0.1.0</c>, which <c>docker build</c> makes from Tidings' sources: no registry has it. <c>WithImage</c> names another.</summary>
    /// <param name="builder">The app host.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="port">The port on this machine; null for a free one.</param>
    /// <remarks>Its two keys are generated parameters, <c>NAME-api-key</c> and <c>NAME-admin-key</c>. It is ready as soon as <c>/readyz</c> says so.</remarks>
    public static IResourceBuilder<TidingsResource> AddTidings(this IDistributedApplicationBuilder builder, [ResourceName] string name, int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        var server = new TidingsResource(name, Key(builder, name + "-api-key"), Key(builder, name + "-admin-key"));
        return Serve(builder.AddResource(server).WithImage(Image, ImageTag).WithHttpEndpoint(port, ContainerPort, "http"));
    }

    /// <summary>Adds a server as a program of this machine: the .NET tool <c>Tidings.Server</c>, or the executable of one file.</summary>
    /// <param name="builder">The app host.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="command">The program: a path, or a name that is found on the <c>PATH</c>.</param>
    /// <param name="workingDirectory">Where it is started, and reads an <c>appsettings.json</c>: a path from the app host's directory.</param>
    /// <param name="port">Where it can be reached; null for a free port.</param>
    /// <remarks>Its two keys are generated parameters, <c>NAME-api-key</c> and <c>NAME-admin-key</c>. It is ready as soon as <c>/readyz</c> says so.</remarks>
    public static IResourceBuilder<TidingsExecutableResource> AddTidingsExecutable(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string command = "tidings", string workingDirectory = ".", int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(command);
        ArgumentException.ThrowIfNullOrEmpty(workingDirectory);
        var directory = Path.GetFullPath(workingDirectory, builder.AppHostDirectory);
        var server = new TidingsExecutableResource(name, command, directory, Key(builder, name + "-api-key"), Key(builder, name + "-admin-key"));
        var endpoint = ((ITidingsResource)server).PrimaryEndpoint;
        return Serve(builder.AddResource(server).WithHttpEndpoint(port, name: "http")
            .WithArgs("serve", "--urls", ReferenceExpression.Create($"http://localhost:{endpoint.Property(EndpointProperty.TargetPort)}")));
    }

    /// <summary>Has the server keep its logs, and what nodes share, on Redis: <c>Tidings:Redis</c>. Several are shards.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="source">The Redis server.</param>
    public static IResourceBuilder<T> WithReference<T>(this IResourceBuilder<T> builder, IResourceBuilder<RedisResource> source)
        where T : ITidingsResource => builder.WithRedis(source);

    /// <summary>Has the server use a database of PostgreSQL: <c>Tidings:PostgreSql</c>. Without Redis and a data directory everything is kept there, otherwise tasks alone.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="source">The database.</param>
    public static IResourceBuilder<T> WithReference<T>(this IResourceBuilder<T> builder, IResourceBuilder<PostgresDatabaseResource> source)
        where T : ITidingsResource => builder.WithPostgreSql(source);

    /// <summary>Does what a reference to a Redis resource does, for anything that speaks Redis' protocol: Valkey, Garnet, or a connection string of <c>AddConnectionString</c>.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="source">Whose connection string StackExchange.Redis reads: <c>host:port,password=…</c>.</param>
    public static IResourceBuilder<T> WithRedis<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithConnectionString> source)
        where T : ITidingsResource => Share(builder, SharedKind.Redis, source);

    /// <summary>Does what a reference to a database of PostgreSQL does, for any connection string that Npgsql reads.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="source">Whose connection string Npgsql reads: <c>Host=…;Database=…</c>.</param>
    public static IResourceBuilder<T> WithPostgreSql<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResourceWithConnectionString> source)
        where T : ITidingsResource => Share(builder, SharedKind.PostgreSql, source);

    /// <summary>Has a single node keep its logs, tasks and streams in a volume, so that they survive it. It does not go with Redis.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="name">The name of the volume; null for one made of the application's name and the resource's.</param>
    /// <remarks>Whatever is mounted at <c>/var/lib/tidings</c> is used so (<c>Tidings:Data</c>), as a directory of this machine by <c>WithBindMount</c>.</remarks>
    public static IResourceBuilder<TidingsResource> WithDataVolume(this IResourceBuilder<TidingsResource> builder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithVolume(name ?? VolumeNameGenerator.Generate(builder, "data"), ServerEnvironment.DataDirectory);
    }

    private static IResourceBuilder<T> Serve<T>(IResourceBuilder<T> builder)
        where T : ITidingsResource =>
        builder
            .WithHttpHealthCheck("/readyz", endpointName: "http")
            .WithUrlForEndpoint("http", static _ => new ResourceUrlAnnotation { Url = "/dashboard", DisplayText = "Dashboard" })
            .WithOtlpExporter()
            .WithEnvironment(context => ServerEnvironment.Add(context, builder.Resource));

    private static IResourceBuilder<T> Share<T>(IResourceBuilder<T> builder, SharedKind kind, IResourceBuilder<IResourceWithConnectionString> source)
        where T : ITidingsResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        return builder.WithAnnotation(new SharedAnnotation(kind, source.Resource)).WithReferenceRelationship(source.Resource);
    }

    private static ParameterResource Key(IDistributedApplicationBuilder builder, string name) =>
        ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, name, special: false);
}
