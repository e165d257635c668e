using Tidings.Deployment.Tests.Infrastructure;
using YamlDotNet.RepresentationModel;

namespace Tidings.Deployment.Tests.Deploy;

/// <summary>The manifests are YAML, and their parts fit one another.</summary>
public sealed class KubernetesTests
{
    // Tidings:Drain, and what the host's own time-out adds to it.
    private const int DrainAndRest = 30 + 15;

    private static readonly Dictionary<string, YamlNode> Objects =
        Load("tidings.yaml").Concat(Load("ingress.yaml")).ToDictionary(static one => $"{one["kind"]}", static one => one);

    private static YamlNode Pod => Objects["Deployment"]["spec"]["template"]["spec"];

    private static YamlNode Container => Pod["containers"][0];

    [Fact]
    public void There_is_what_a_cluster_needs() =>
        Assert.Equal(["Deployment", "Ingress", "PodDisruptionBudget", "Service"], Objects.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Service_and_budget_select_the_pods()
    {
        var labels = Objects["Deployment"]["spec"]["template"]["metadata"]["labels"];
        Assert.Equal(labels, Objects["Deployment"]["spec"]["selector"]["matchLabels"]);
        Assert.Equal(labels, Objects["Service"]["spec"]["selector"]);
        Assert.Equal(labels, Objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]);
    }

    [Fact]
    public void Requests_find_their_way_to_the_port()
    {
        var port = Container["ports"][0];
        Assert.Contains($":{port["containerPort"]}", $"{Container["args"]}", StringComparison.Ordinal);
        var served = Objects["Service"]["spec"]["ports"][0];
        Assert.Equal(port["name"], served["targetPort"]);
        var backend = Objects["Ingress"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
        Assert.Equal(Objects["Service"]["metadata"]["name"], backend["name"]);
        Assert.Equal(served["name"], backend["port"]["name"]);
    }

    [Fact]
    public void A_pod_has_the_time_to_drain() =>
        Assert.Equal(Number(Container["lifecycle"]["preStop"]["sleep"]["seconds"]) + DrainAndRest, Number(Pod["terminationGracePeriodSeconds"]));

    [Theory]
    [InlineData("startupProbe", "/healthz")]
    [InlineData("livenessProbe", "/healthz")]
    [InlineData("readinessProbe", "/readyz")]
    public async Task Probes_ask_what_the_server_answers(string probe, string path)
    {
        Assert.Equal(path, $"{Container[probe]["httpGet"]["path"]}");
        var (server, address) = await TidingsProgram.ServeAsync();
        await using var _ = server;
        using var http = new HttpClient();
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(address, path)));
    }

    private static int Number(YamlNode node) => int.Parse($"{node}", System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<YamlNode> Load(string name)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Repository.Read("deploy", "kubernetes", name)));
        return stream.Documents.Select(static document => document.RootNode);
    }
}
