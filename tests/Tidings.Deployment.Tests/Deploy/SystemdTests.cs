using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Deploy;

/// <summary>The unit, as systemd reads it.</summary>
public sealed class SystemdTests
{
    private const string Analyze = "/usr/bin/systemd-analyze";

    [Fact]
    public async Task The_unit_is_valid_and_shut_in()
    {
        Assert.SkipUnless(File.Exists(Analyze), "needs systemd-analyze");
        using var directory = new TemporaryDirectory();
        var unit = directory["tidings.service"];
        await File.WriteAllTextAsync(unit, Repository.Read("deploy", "systemd", "tidings.service").Replace("/opt/tidings/tidings", TidingsProgram.Path, StringComparison.Ordinal));
        Assert.Equal("", await Command.RunAsync(Analyze, ["verify", unit]));

        // From 0, nothing allowed, to 100, nothing forbidden.
        await Command.RunAsync(Analyze, ["security", "--offline=true", "--threshold=20", unit]);
    }
}
