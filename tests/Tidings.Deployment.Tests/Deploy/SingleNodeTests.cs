using Tidings.Deployment.Tests.Infrastructure;
using YamlDotNet.RepresentationModel;

namespace Tidings.Deployment.Tests.Deploy;

/// <summary>A single node with a directory: the volume is where the server looks for it, and the old process has ended before the new one starts.</summary>
public sealed class SingleNodeTests
{
    [Fact]
    public void The_pod_of_the_stateful_set_has_its_directory_on_the_claim()
    {
        var set = Load("deploy", "kubernetes", "single-node.yaml").Single(static one => $"{one["kind"]}" == "StatefulSet");
        var container = set["spec"]["template"]["spec"]["containers"][0];
        Assert.Equal("1", $"{set["spec"]["replicas"]}");
        var mount = ((YamlSequenceNode)container["volumeMounts"]).Single(static one => $"{one["name"]}" == "data");
        Assert.Equal("data", $"{set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]}");
        Assert.StartsWith($"{mount["mountPath"]}/", DirectoryOf(container["args"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_service_of_compose_has_its_directory_on_the_volume_that_the_image_owns()
    {
        var compose = Load("deploy", "compose", "compose.yaml").Single();
        var service = compose["services"]["tidings"];
        var mount = $"{service["volumes"][0]}".Split(':')[1];
        Assert.StartsWith(mount + "/", DirectoryOf(service["command"]), StringComparison.Ordinal);
        Assert.Contains($"--chown=$APP_UID /data {mount}", Repository.Read("Dockerfile"), StringComparison.Ordinal);
    }

    private static string DirectoryOf(YamlNode arguments)
    {
        var all = ((YamlSequenceNode)arguments).Select(static one => $"{one}").ToList();
        return all[all.IndexOf("--data") + 1];
    }

    private static IEnumerable<YamlNode> Load(params string[] path)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Repository.Read(path)));
        return stream.Documents.Select(static document => document.RootNode);
    }
}
