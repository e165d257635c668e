using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Services;
using Tidings.Server;

namespace Tidings.EndToEnd.Tests.Http;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("5m", 300_000)]
    [InlineData("200ms", 200)]
    [InlineData("1.5s", 1_500)]
    [InlineData("1h", 3_600_000)]
    [InlineData("00:00:30", 30_000)]
    [InlineData(" 10S ", 10_000)]
    [InlineData("0", 0)]
    [InlineData("", 30_000)]
    public async Task Times_are_written_as_people_write_them(string text, int milliseconds)
    {
        var tidings = await BuildAsync(("Tidings:Heartbeat:Interval", text));
        Assert.Equal(milliseconds, tidings.Node.Options.Heartbeat.Interval.TotalMilliseconds);
    }

    [Theory]
    [InlineData("10KB", 10 * 1024)]
    [InlineData("1MB", 1024 * 1024)]
    [InlineData("1 MB", 1024 * 1024)]
    [InlineData("0.5mb", 512 * 1024)]
    [InlineData("12345", 12_345)]
    [InlineData("12345B", 12_345)]
    public async Task Sizes_are_written_as_people_write_them(string text, int bytes)
    {
        var tidings = await BuildAsync(("Tidings:Limits:QueueBytes", text));
        Assert.Equal(bytes, tidings.Node.Limits.QueueBytes);
    }

    [Fact]
    public async Task Keys_and_names_of_values_know_no_case()
    {
        var tidings = await BuildAsync(("tidings:LIMITS:preset", "SMALL"), ("TIDINGS:pump", "Streams"));
        Assert.Equal(LimitPreset.Small, tidings.Node.Options.Limits.Preset);
        Assert.Equal(1_000, tidings.Node.Limits.Connections);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("True")]
    [InlineData("TRUE")]
    public async Task The_demo_takes_the_tutorials_sizes_however_true_is_written(string demo)
    {
        var tidings = await BuildAsync(("Tidings:Demo", demo));
        Assert.Equal(10_240, tidings.Node.Limits.MessageBytes);
        Assert.Equal(10, tidings.Node.Limits.Rate.PerSecond);
        Assert.Equal(50_000, tidings.Node.Limits.Connections);
    }

    [Fact]
    public async Task What_is_set_goes_before_the_preset()
    {
        var tidings = await BuildAsync(("Tidings:Limits:Preset", "small"), ("Tidings:Limits:ConnectionsPerIp", "7"), ("Tidings:Limits:ConnectionsPerRoom", "0"));
        Assert.Equal(7, tidings.Node.Limits.ConnectionsPerIp);
        Assert.Equal(0, tidings.Node.Limits.ConnectionsPerRoom);
        Assert.Equal(1_000, tidings.Node.Limits.Connections);
    }

    [Fact]
    public async Task An_unknown_key_is_a_fault_that_suggests_the_nearest()
    {
        var fault = Assert.Single(await FaultsAsync(("Tidings:Limits:MesageBytes", "10KB")));
        Assert.Contains("Tidings:Limits:MesageBytes", fault, StringComparison.Ordinal);
        Assert.Contains("Did you mean MessageBytes?", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Tidings:Heartbeat:Interval", "soon")]
    [InlineData("Tidings:Heartbeat:Interval", "30")]
    [InlineData("Tidings:Heartbeat:Interval", "-5s")]
    [InlineData("Tidings:Heartbeat:Interval", "10ms")]
    [InlineData("Tidings:Heartbeat:Interval", "2h")]
    [InlineData("Tidings:Drain", "-00:00:01")]
    [InlineData("Tidings:Demo", "yes")]
    [InlineData("Tidings:Pump", "steam")]
    [InlineData("Tidings:Pump", "1")]
    [InlineData("Tidings:Limits:Preset", "huge")]
    [InlineData("Tidings:Limits:MessageBytes", "ten")]
    [InlineData("Tidings:Limits:MessageBytes", "-1")]
    [InlineData("Tidings:Limits:HardMessageBytes", "2GB")]
    [InlineData("Tidings:Limits:MessagesPerSecond", "1.5")]
    [InlineData("Tidings:Limits:Connections", "-1")]
    [InlineData("Tidings:ApiKey", "short")]
    [InlineData("Tidings:AllowedOrigins:0", "app.example.com")]
    [InlineData("Tidings:AllowedOrigins:0", "https://app.example.com/path")]
    [InlineData("Tidings:AllowedOrigins:0", "https://*.example.com")]
    [InlineData("Tidings:TrustedProxies:0", "proxy.example.com")]
    [InlineData("Tidings:TrustedProxies:0", "10.0.0.0/33")]
    [InlineData("Tidings:PathBase", "push")]
    [InlineData("Tidings:PathBase", "/push/")]
    [InlineData("Tidings:Limits:BytesPerSecond", "many")]
    [InlineData("Tidings:Limits:MessagesPerSecondPerIp", "-1")]
    [InlineData("Tidings:Limits:HandshakesPerSecond", "1000001")]
    [InlineData("urls", "localhost")]
    [InlineData("urls", "ftp://localhost:1")]
    public async Task A_wrong_value_is_a_fault_that_names_key_and_value(string key, string value)
    {
        var fault = Assert.Single(await FaultsAsync((key, value)));
        Assert.Contains(key.Split(":0")[0], fault, StringComparison.Ordinal);
        if (key != "Tidings:ApiKey" && value[0] != '-')
        {
            Assert.Contains($"\"{value}\"", fault.Replace("00:00:00.0100000", "10ms", StringComparison.Ordinal).Replace("02:00:00", "2h", StringComparison.Ordinal).Replace("2147483648", "2GB", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_short_key_is_not_repeated_in_the_fault()
    {
        var fault = Assert.Single(await FaultsAsync(("Tidings:ApiKey", "s3cret")));
        Assert.DoesNotContain("s3cret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_contradiction_is_a_fault_that_names_both_keys()
    {
        var fault = Assert.Single(await FaultsAsync(("Tidings:Limits:MessageBytes", "2MB"), ("Tidings:Limits:HardMessageBytes", "1MB")));
        Assert.Contains("Tidings:Limits:MessageBytes", fault, StringComparison.Ordinal);
        Assert.Contains("Tidings:Limits:HardMessageBytes", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faults_are_reported_at_once()
    {
        (string, string?)[] wrong =
        [
            ("Tidings:Heartbeet", "30s"),
            ("Tidings:Heartbeat:Interval", "soon"),
            ("Tidings:Drain", "2h"),
            ("Tidings:Limits:MessageBytes", "-1"),
            ("Tidings:Limits:Connections", "-1"),
            ("Tidings:Limits:QueueBytes", "much"),
            ("Tidings:AllowedOrigins:0", "x"),
            ("Tidings:AllowedOrigins:1", "y"),
            ("Tidings:ApiKey", "short"),
            ("Tidings:AdminKey", "brief"),
            ("Tidings:TrustedProxies:0", "x"),
            ("Tidings:PathBase", "x"),
        ];
        var faults = await FaultsAsync(wrong);
        Assert.Equal(wrong.Length, faults.Count);
        Assert.All(wrong, option => Assert.Contains(faults, fault => fault.Contains(option.Item1.Split(":0")[0].Split(":1")[0], StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_group_is_no_value_and_a_value_no_group()
    {
        Assert.Single(await FaultsAsync(("Tidings:Heartbeat", "30s")));
        Assert.Single(await FaultsAsync(("Tidings:Drain:Seconds", "30")));
        Assert.Single(await FaultsAsync(("Tidings:AllowedOrigins", "https://app.example.com")));
    }

    private static async Task<Edge> BuildAsync(params (string Key, string? Value)[] settings)
    {
        await using var app = TidingsServer.Build(settings.ToDictionary(StringComparer.OrdinalIgnoreCase));
        return app.Services.GetRequiredService<Edge>();
    }

    private static async Task<IReadOnlyList<string>> FaultsAsync(params (string Key, string? Value)[] settings)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => BuildAsync(settings));
        return [.. error.Failures];
    }
}
