using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Tidings.Tests;

/// <summary>What an app host knows of a server.</summary>
public sealed class ResourceTests
{
    private readonly IDistributedApplicationBuilder _builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });

    [Fact]
    public void A_container_has_the_image_an_endpoint_and_a_health_check()
    {
        var server = _builder.AddTidings("push", port: 8123).Resource;

        var image = Assert.Single(server.Annotations.OfType<ContainerImageAnnotation>());
        Assert.Equal(("tidings", "0.1.0"), (image.Image, image.Tag));
        var endpoint = Assert.Single(server.Annotations.OfType<EndpointAnnotation>());
        Assert.Equal(("http", "http", 8123, 8000, ProtocolType.Tcp), (endpoint.Name, endpoint.UriScheme, endpoint.Port, endpoint.TargetPort, endpoint.Protocol));
        Assert.Single(server.Annotations.OfType<HealthCheckAnnotation>(), static check => check.Key == "push_http_/readyz_200_check");
    }

    [Fact]
    public void A_program_is_started_in_a_directory_seen_from_the_app_host()
    {
        var server = _builder.AddTidingsExecutable("push", workingDirectory: "settings").Resource;

        Assert.Equal("tidings", server.Command);
        Assert.Equal(Path.Combine(_builder.AppHostDirectory, "settings"), server.WorkingDirectory);
        Assert.Single(server.Annotations.OfType<HealthCheckAnnotation>());
    }

    [Fact]
    public async Task A_program_listens_where_the_app_host_says()
    {
        var server = _builder.AddTidingsExecutable("push").WithEndpoint("http", static endpoint => endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 8123, targetPortExpression: "9123"));

        Assert.Equal(["serve", "--urls", "http://localhost:9123"], await server.ArgumentsAsync());
    }

    [Fact]
    public async Task The_connection_string_is_the_address_that_clients_take()
    {
        var push = _builder.AddTidings("push").WithEndpoint("http", static endpoint => endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 8123));

        var address = await ((IResourceWithConnectionString)push.Resource).GetConnectionStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("http://localhost:8123/connect", address);
        await using var client = new global::Tidings.Client.TidingsClient(new Uri(address!));
    }

    [Fact]
    public async Task An_application_is_given_the_address_and_the_key_of_the_api_and_not_the_admin_key()
    {
        var push = _builder.AddTidings("push");
        var shop = _builder.AddContainer("shop", "shop").WithReference(push);

        var given = await shop.EnvironmentAsync(DistributedApplicationOperation.Publish);

        Assert.Equal("{push.connectionString}", given["ConnectionStrings__push"]);
        Assert.Equal("{push.bindings.http.url}", given["PUSH_URI"]);
        Assert.Equal("{push.bindings.http.host}", given["PUSH_HOST"]);
        Assert.Equal("{push.bindings.http.port}", given["PUSH_PORT"]);
        Assert.Equal("{push-api-key.value}", given["PUSH_APIKEY"]);
        Assert.DoesNotContain(given, static one => one.Value.Contains("admin", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_is_given_its_keys_which_are_secret_and_long_enough()
    {
        var push = _builder.AddTidings("push");

        var given = await push.EnvironmentAsync(DistributedApplicationOperation.Publish);

        Assert.Equal(("{push-api-key.value}", "{push-admin-key.value}"), (given["Tidings__ApiKey"], given["Tidings__AdminKey"]));
        foreach (var key in new[] { push.Resource.ApiKeyParameter, push.Resource.AdminKeyParameter })
        {
            Assert.True(key.Secret);
            Assert.Matches("^[A-Za-z0-9]{16,}$", await key.GetValueAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Who_stops_an_app_host_does_not_wait_for_clients_and_who_deploys_it_has_the_server_s_own_time()
    {
        var push = _builder.AddTidingsExecutable("push");
        var deployed = _builder.AddTidings("deployed");

        Assert.Equal("0s", (await push.EnvironmentAsync())["Tidings__Drain"]);
        Assert.DoesNotContain("Tidings__Drain", (await deployed.EnvironmentAsync(DistributedApplicationOperation.Publish)).Keys);
    }

    [Fact]
    public async Task Metrics_and_spans_go_where_the_app_host_has_them_sent()
    {
        _builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://localhost:4317";
        var push = _builder.AddTidingsExecutable("push");

        var given = await push.EnvironmentAsync();

        Assert.Equal("http://localhost:4317", given["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("http://localhost:4317", given["Tidings__Otlp"]);
    }

    [Fact]
    public async Task The_dashboard_of_the_server_has_a_link()
    {
        var push = _builder.AddTidings("push").WithEndpoint("http", static endpoint => endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 8123)).Resource;
        var context = new ResourceUrlsCallbackContext(new DistributedApplicationExecutionContext(DistributedApplicationOperation.Run), push, [], TestContext.Current.CancellationToken);

        foreach (var callback in push.Annotations.OfType<ResourceUrlsCallbackAnnotation>())
        {
            await callback.Callback(context);
        }

        Assert.Single(context.Urls, static url => url is { DisplayText: "Dashboard", Url: "/dashboard", Endpoint.EndpointName: "http" });
    }
}
