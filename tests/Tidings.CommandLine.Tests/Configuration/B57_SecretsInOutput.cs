using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Tidings.CommandLine.Tests.Infrastructure;
using Tidings.Server.Configuration;
using Tidings.Server.Options;

namespace Tidings.CommandLine.Tests.Configuration;

/// <summary>Messages about wrong options never show a secret: not of any option that is secret, found by its attribute, and not one that stands where it does not belong.</summary>
public sealed class B57_SecretsInOutput
{
    private const string Canary = "canary";

    // Every group and every list with an item: what is secret in them is found.
    private static readonly OptionKey[] Keys = [.. OptionKey.All(new ServerOptions
    {
        Tidings = { Channels = { new ChannelOptions() }, Events = { new EventReceiverOptions() }, Jwt = { Keys = { new JwtKeyOptions() } } },
    }).Select(static key => key.Property.PropertyType == typeof(IList<string>) ? key with { Path = key.Path + ":0" } : key)];

    public static TheoryData<string> Secrets => [.. Keys.Where(static key => key.IsSecret).Select(static key => key.Path)];

    public static TheoryData<string> All => [.. Keys.Select(static key => key.Path)];

    [Fact]
    public void What_must_be_secret_is()
    {
        var secrets = Keys.Where(static key => key.IsSecret).Select(static key => key.Path).ToList();
        foreach (var path in new[] { "Tidings:ApiKey", "Tidings:AdminKey", "Tidings:WorkerKey", "Tidings:Jwt:Secret", "Tidings:Jwt:Keys:0:Secret", "Tidings:Hooks:Secret", "Tidings:Redis", "Tidings:PostgreSql", "Tidings:Otlp" })
        {
            Assert.Contains(path, secrets);
        }

        // An option of such a name that somebody adds.
        Assert.All(Keys.Where(static key => key.Property.Name.EndsWith("Secret", StringComparison.Ordinal) || key.Property.Name.EndsWith("ApiKey", StringComparison.Ordinal)
            || key.Property.Name.Contains("Password", StringComparison.Ordinal) || key.Property.Name is "ClusterKey"), static key => Assert.True(key.IsSecret, key.Path));
    }

    [Theory]
    [MemberData(nameof(Secrets))]
    public void A_wrong_value_of_a_secret_option_is_not_shown(string path)
    {
        foreach (var wrong in new[] { Canary, $"redis://:{Canary}@127.0.0.1:6379", $"127.0.0.1:6379,pass={Canary}", $"127.0.0.1:1,127.0.0.1:2,password={Canary}", $":{Canary}@h", $"Host=h;Pass Word={Canary};=", $"{Canary}=x", $"http://{Canary}:{Canary}@h:4317/", $"https://h/?api-key={Canary}#x", $"\"{Canary}\n", $"-----BEGIN {Canary}" })
        {
            Holds(new() { [path] = wrong });
            Holds(new() { [path + ":0"] = wrong, [path + ":Value"] = wrong });
            Holds(new() { [path[..path.LastIndexOf(':')]] = wrong });
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_secret_that_stands_in_another_option_is_not_shown(string path)
    {
        foreach (var wrong in new[] { $"http://user:{Canary}@h/", $"x;password={Canary}", $"token = {Canary}", $"-----BEGIN PRIVATE KEY-----\n{Canary}\n-----END PRIVATE KEY-----" })
        {
            Holds(new() { [path] = wrong });
        }
    }

    [Theory]
    [InlineData("--redis", $"redis://:{Canary}@127.0.0.1:6379")]
    [InlineData("--redis", $"127.0.0.1:6379,pass={Canary}")]
    [InlineData("--postgres", $"Host=h;Pass Word={Canary};=")]
    [InlineData("--otlp", $"http://user:{Canary}@127.0.0.1:4317")]
    [InlineData("--api-key", Canary)]
    [InlineData("--jwt-secret", Canary)]
    [InlineData("--jwt-secret=a", Canary)]
    [InlineData("--jwt-secert", Canary)]
    [InlineData($"--jwt-secert={Canary}", "--demo")]
    [InlineData("--urls", $"http://user:{Canary}@localhost:1/x")]
    public async Task Neither_check_nor_serve_shows_it(string option, string value)
    {
        foreach (var command in new[] { "check", "serve" })
        {
            var result = await Tool.RunAsync(command, option, value);
            Assert.Equal(2, result.Code);
            Assert.DoesNotContain(Canary, result.Errors + result.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Servers_are_shown_where_they_are_right_and_nothing_else_of_their_addresses()
    {
        var shown = (await Tool.RunAsync("check", "--show", "--redis", $"127.0.0.1:1,password={Canary};name={Canary},127.0.0.1:2", "--otlp", $"http://127.0.0.1:4317/?key={Canary}")).Succeeds().Text;
        Assert.DoesNotContain(Canary, shown, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1;127.0.0.1:2", shown, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:4317/", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123456789abcdef")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    [InlineData("CHANGEME-changeme")]
    public void Secrets_of_a_documentation_are_refused_whatever_they_are_for(string known)
    {
        foreach (var key in Keys.Where(static key => key.IsSecret))
        {
            Assert.Contains(FaultsOf(new() { [key.Path] = known, ["Tidings:Demo"] = "true" }), fault => fault.StartsWith($"{key.Path} is a secret of a documentation", StringComparison.Ordinal));
        }
    }

    private static void Holds(Dictionary<string, string?> settings) =>
        Assert.All(FaultsOf(settings), static fault => Assert.DoesNotContain(Canary, fault, StringComparison.OrdinalIgnoreCase));

    private static List<string> FaultsOf(Dictionary<string, string?> settings)
    {
        try
        {
            ServerSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
            return [];
        }
        catch (OptionsValidationException error)
        {
            return [.. error.Failures];
        }
    }
}
