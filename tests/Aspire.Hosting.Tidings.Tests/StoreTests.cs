using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Tidings.Tests;

/// <summary>Where a server keeps what it is told to keep.</summary>
public sealed class StoreTests
{
    private readonly IDistributedApplicationBuilder _builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });

    [Fact]
    public async Task By_itself_a_server_keeps_all_in_memory() =>
        Assert.DoesNotContain(await GivenAsync(_builder.AddTidings("push")), static one => one.Key is "Tidings__Redis" or "Tidings__PostgreSql" or "Tidings__Data" or "Tidings__Engine");

    [Fact]
    public async Task A_reference_to_Redis_is_its_Redis()
    {
        var redis = _builder.AddRedis("redis");
        var push = _builder.AddTidings("push").WithReference(redis);

        Assert.Equal("{redis.connectionString}", (await GivenAsync(push))["Tidings__Redis"]);
        Assert.Single(push.Resource.Annotations.OfType<ResourceRelationshipAnnotation>(), one => one is { Type: "Reference" } && one.Resource == redis.Resource);
    }

    [Fact]
    public async Task Several_are_shards() =>
        Assert.Equal("{one.connectionString};{two.connectionString}", (await GivenAsync(_builder.AddTidings("push").WithReference(_builder.AddRedis("one")).WithReference(_builder.AddRedis("two"))))["Tidings__Redis"]);

    [Fact]
    public async Task Whatever_speaks_Redis_protocol_will_do() =>
        Assert.Equal("{valkey.connectionString}", (await GivenAsync(_builder.AddTidingsExecutable("push").WithRedis(_builder.AddConnectionString("valkey"))))["Tidings__Redis"]);

    [Fact]
    public async Task A_database_of_PostgreSQL_alone_has_everything()
    {
        var given = await GivenAsync(_builder.AddTidings("push").WithReference(_builder.AddPostgres("server").AddDatabase("db")));

        Assert.Equal(("{db.connectionString}", "postgres"), (given["Tidings__PostgreSql"], given["Tidings__Engine"]));
    }

    [Fact]
    public async Task A_database_beside_Redis_has_tasks_alone()
    {
        var given = await GivenAsync(_builder.AddTidings("push").WithPostgreSql(_builder.AddConnectionString("db")).WithReference(_builder.AddRedis("redis")));

        Assert.Equal(("{db.connectionString}", "{redis.connectionString}"), (given["Tidings__PostgreSql"], given["Tidings__Redis"]));
        Assert.DoesNotContain("Tidings__Engine", given.Keys);
    }

    [Fact]
    public async Task A_volume_has_the_data_of_a_single_node()
    {
        var push = _builder.AddTidings("push").WithPostgreSql(_builder.AddConnectionString("db")).WithDataVolume("logs");
        var given = await GivenAsync(push);

        var mount = Assert.Single(push.Resource.Annotations.OfType<ContainerMountAnnotation>());
        Assert.Equal((ContainerMountType.Volume, "logs", "/var/lib/tidings", false), (mount.Type, mount.Source, mount.Target, mount.IsReadOnly));
        Assert.Equal("/var/lib/tidings", given["Tidings__Data"]);
        Assert.DoesNotContain("Tidings__Engine", given.Keys);
    }

    [Fact]
    public async Task What_is_set_afterwards_goes_before_what_follows_from_a_reference() =>
        Assert.Equal("memory", (await GivenAsync(_builder.AddTidings("push").WithPostgreSql(_builder.AddConnectionString("db")).WithEnvironment("Tidings__Engine", "memory")))["Tidings__Engine"]);

    private static Task<IReadOnlyDictionary<string, string>> GivenAsync(IResourceBuilder<ITidingsResource> server) => server.EnvironmentAsync(DistributedApplicationOperation.Publish);
}
