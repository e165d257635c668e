using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>The environment of a server: its options under <c>Tidings__</c>.</summary>
internal static class ServerEnvironment
{
    /// <summary>Where the image has room for a volume.</summary>
    public const string DataDirectory = "/var/lib/tidings";

    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void Add(EnvironmentCallbackContext context, ITidingsResource server)
    {
        var variables = context.EnvironmentVariables;
        variables["Tidings__ApiKey"] = server.ApiKeyParameter;
        variables["Tidings__AdminKey"] = server.AdminKeyParameter;
        if (context.ExecutionContext.IsRunMode)
        {
            // Whoever stops an app host does not wait for clients to move to another node.
            variables["Tidings__Drain"] = "0s";
        }

        // Set by WithOtlpExporter, where there is a collector.
        if (variables.TryGetValue(OtlpEndpoint, out var collector))
        {
            variables["Tidings__Otlp"] = collector;
        }

        AddStores(variables, server);
    }

    private static void AddStores(Dictionary<string, object> variables, ITidingsResource server)
    {
        var shared = server.Annotations.OfType<SharedAnnotation>().ToLookup(static one => one.Kind, static one => one.Source);
        var hasRedis = shared[SharedKind.Redis].Any();
        var hasData = server.Annotations.OfType<ContainerMountAnnotation>().Any(static mount => mount.Target == DataDirectory);
        if (hasRedis)
        {
            variables["Tidings__Redis"] = Joined(shared[SharedKind.Redis]);
        }

        if (hasData)
        {
            variables["Tidings__Data"] = DataDirectory;
        }

        if (shared[SharedKind.PostgreSql].LastOrDefault() is { } database)
        {
            variables["Tidings__PostgreSql"] = ReferenceExpression.Create($"{database}");
            if (!hasRedis && !hasData)
            {
                variables["Tidings__Engine"] = "postgres";
            }
        }
    }

    private static ReferenceExpression Joined(IEnumerable<IResourceWithConnectionString> servers)
    {
        var joined = new ReferenceExpressionBuilder();
        foreach (var (index, server) in servers.Index())
        {
            joined.AppendLiteral(index == 0 ? "" : ";");
            joined.AppendFormatted(server);
        }

        return joined.Build();
    }
}
