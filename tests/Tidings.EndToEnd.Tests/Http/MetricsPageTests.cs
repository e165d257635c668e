using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>Who may read <c>/metrics</c>, and how it is written.</summary>
public sealed class MetricsPageTests : ServerTests
{
    private const string Admin = "admin key of 32 characters .....";
    private const string Api = "api key of 32 characters .......";

    [Fact]
    public async Task The_admin_key_opens_it_and_no_other()
    {
        await using var server = await StartAsync(("Tidings:AdminKey", Admin), ("Tidings:ApiKey", Api), ("Tidings:WorkerKey", Api + "w"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "Bearer " + Admin));
        foreach (var key in new[] { null, "Bearer " + Api, "Bearer " + Api + "w", "Bearer " + Admin + "x", "Basic " + Admin, "Bearer" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, key));
        }
    }

    [Theory]
    [InlineData("Host", "tidings.example")]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("Origin", "https://evil.example")]
    public async Task In_a_demo_without_a_key_only_this_machine_reads_it(string header, string value)
    {
        await using var server = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, null));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add(header, value);
        using var response = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("Tidings:AdminKey", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_the_text_format_with_the_process_and_the_runtime_and_is_never_kept()
    {
        await using var server = await StartAsync();
        using var response = await server.Http.GetAsync("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.True(response.Headers.CacheControl!.NoStore);
        var page = PrometheusPage.Parse(await response.Content.ReadAsStringAsync());
        Assert.InRange(page["process_resident_memory_bytes"], 1 << 20, 1L << 40);
        Assert.InRange(page["process_open_fds"], 1, page["process_max_fds"]);
        Assert.True(page["process_cpu_seconds_total"] > 0);
        Assert.InRange(page["process_start_time_seconds"], 1.6e9, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 1);
        Assert.Equal("gauge", page.Types["dotnet_thread_pool_queue_length"]);
        Assert.Equal("counter", page.Types["dotnet_gc_collections_total"]);
        Assert.True(page["dotnet_gc_heap_total_allocated_bytes_total"] > 0);
    }

    [Fact]
    public async Task Whatever_a_label_or_a_description_says_it_stays_one_line_and_one_label()
    {
        await using var server = await StartAsync();
        var meter = server.Meters.Create("Tidings");
        var counter = meter.CreateCounter<long>("tidings.test.odd", "By", "a \\ and\na line");
        counter.Add(2, new KeyValuePair<string, object?>("what.is", "a \"quote\", a \\ and\na line}"));
        counter.Add(3, new("what.is", "a \"quote\", a \\ and\na line}"), new("more", 7));
        var page = await ReadAsync(server);
        Assert.Equal("a \\ and\na line", page.Helps["tidings_test_odd_bytes_total"]);
        Assert.Equal(2, page["tidings_test_odd_bytes_total{what_is=\"a \"quote\", a \\ and\na line}\"}"]);
        Assert.Equal(3, page["tidings_test_odd_bytes_total{more=\"7\",what_is=\"a \"quote\", a \\ and\na line}\"}"]);
    }

    [Fact]
    public async Task A_label_without_bounds_makes_only_so_many_series()
    {
        await using var server = await StartAsync();
        var counter = server.Meters.Create("Tidings").CreateCounter<long>("tidings.test.many");
        for (var i = 0; i < 10_000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("user", i));
        }

        Assert.Equal(200, (await ReadAsync(server)).LabelsOf("tidings_test_many_total")["user"].Count());
    }

    [Fact]
    public async Task What_is_no_longer_named_is_gone()
    {
        await using var server = await StartAsync();
        List<Measurement<long>> now = [new(1, new KeyValuePair<string, object?>("node", "a")), new(2, new KeyValuePair<string, object?>("node", "b"))];
        server.Meters.Create("Tidings").CreateObservableGauge("tidings.test.nodes", () => now);
        Assert.Equal(["a", "b"], (await ReadAsync(server)).LabelsOf("tidings_test_nodes")["node"]);
        now.RemoveAt(0);
        Assert.Equal(["b"], (await ReadAsync(server)).LabelsOf("tidings_test_nodes")["node"]);
    }

    [Fact]
    public async Task A_node_that_drains_says_so()
    {
        await using var server = await StartAsync();
        using var drain = await server.Http.PostAsync("/api/drain", null);
        Assert.Equal(HttpStatusCode.Accepted, drain.StatusCode);
        Assert.Equal(1, (await ReadAsync(server))["tidings_draining"]);
    }

    [Fact]
    public async Task Two_servers_of_one_process_count_apart()
    {
        await using var one = await StartAsync();
        await using var two = await StartAsync();
        await one.PublishAsync("lobby", "hello");
        Assert.Equal(1, (await ReadAsync(one))["tidings_publishes_total"]);
        Assert.Equal(0, (await ReadAsync(two))["tidings_publishes_total"]);
    }

    private static async Task<PrometheusPage> ReadAsync(TestServer server) => PrometheusPage.Parse(await server.Http.GetStringAsync("/metrics"));

    private static async Task<HttpStatusCode> StatusAsync(TestServer server, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Authorization = authorization is null ? null : AuthenticationHeaderValue.Parse(authorization);
        using var response = await server.Http.SendAsync(request);
        return response.StatusCode;
    }
}
