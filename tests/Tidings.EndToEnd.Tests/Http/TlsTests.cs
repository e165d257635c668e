using System.Net.WebSockets;
using System.Text;
using Microsoft.Extensions.Options;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.Server;
using Tidings.Server.Tls;
using Tidings.Testing;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>TLS of the standalone server. Bytes go by Kestrel's streams, whatever is configured.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData("1.1", Pump.Lanes)]
    [InlineData("1.1", Pump.Streams)]
    [InlineData("2.0", Pump.Lanes)]
    [InlineData("2.0", Pump.Streams)]
    public async Task A_room_is_open_to_WSS_and_closes_in_order(string version, string pump)
    {
        _authority.Issue();
        await using var server = await StartAsync(pump);
        using var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, certificate, chain, _) => _authority.Trusts(certificate, chain) } };
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = Version.Parse(version);
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await socket.ConnectAsync(new Uri($"wss://localhost:{server.Port}/ws/lobby"), invoker, limit.Token);
        await EchoesAsync(socket, "<by> TLS", "[lobby] &lt;by&gt; TLS", limit.Token);
        await server.PublishAsync("lobby", "from the server");
        await ExpectAsync(socket, "[lobby] from the server", limit.Token);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        await server.ExpectIdleAsync();
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task Certificates_that_lead_to_the_authority_are_sent_along()
    {
        var issued = _authority.Issue();
        await using var server = await StartAsync(Pump.Streams);
        Assert.Equal(issued, await _authority.PresentedAsync(server.Port));
    }

    [Fact]
    public async Task A_new_certificate_is_taken_up_and_open_connections_live_on()
    {
        var time = new ManualTime();
        var first = _authority.Issue();
        await using var server = await StartAsync(Pump.Streams, time);
        using var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, certificate, chain, _) => _authority.Trusts(certificate, chain) } };
        using var invoker = new HttpMessageInvoker(handler);
        using var socket = new ClientWebSocket();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await socket.ConnectAsync(new Uri($"wss://localhost:{server.Port}/ws"), invoker, limit.Token);
        Assert.Equal(first, await _authority.PresentedAsync(server.Port));
        var second = _authority.Issue();
        Assert.Equal(first, await _authority.PresentedAsync(server.Port));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(second, await _authority.PresentedAsync(server.Port));
        await EchoesAsync(socket, "still here", "Echo: still here", limit.Token);
        server.ExpectNothingLogged();
    }

    [Fact]
    public async Task Files_that_do_not_fit_leave_the_old_certificate_and_are_complained_of_once()
    {
        var time = new ManualTime();
        var first = _authority.Issue();
        await using var server = await StartAsync(Pump.Streams, time);
        var key = await File.ReadAllTextAsync(_authority.KeyFile);
        var second = _authority.Issue();
        var newKey = await File.ReadAllTextAsync(_authority.KeyFile);
        await File.WriteAllTextAsync(_authority.KeyFile, key);
        time.Advance(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(first, await _authority.PresentedAsync(server.Port));
        Assert.Contains(_authority.CertificateFile, Assert.Single(server.Log), StringComparison.Ordinal);
        await File.WriteAllTextAsync(_authority.KeyFile, newKey);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(second, await _authority.PresentedAsync(server.Port));
    }

    [Fact]
    public void Https_without_a_certificate_or_with_files_that_are_none_is_a_fault()
    {
        Assert.Contains("Tidings:Certificates:CertificateFile", Fault(), StringComparison.Ordinal);
        Assert.Contains("nowhere.pem", Fault(("Tidings:Certificates:CertificateFile", "nowhere.pem")), StringComparison.Ordinal);
        _authority.Issue();
        Assert.Contains(_authority.CertificateFile, Fault(("Tidings:Certificates:CertificateFile", _authority.CertificateFile)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_development_certificate_is_made_once_kept_secret_and_renewed_in_time()
    {
        var directory = Directory.CreateTempSubdirectory("tidings-tls-").FullName;
        try
        {
            var now = TimeProvider.System.GetUtcNow();
            var (secret, open) = DevelopmentCertificate.Ensure(directory, now);
            var made = File.ReadAllText(secret);
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(secret) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.DoesNotContain("PRIVATE", File.ReadAllText(open), StringComparison.Ordinal);
            DevelopmentCertificate.Ensure(directory, now.AddDays(334));
            Assert.Equal(made, File.ReadAllText(secret));
            DevelopmentCertificate.Ensure(directory, now.AddDays(336));
            Assert.NotEqual(made, File.ReadAllText(secret));
            File.WriteAllText(secret, "damaged");
            DevelopmentCertificate.Ensure(directory, now);
            using var certificate = PemCertificate.Read(secret, secret).Leaf;
            Assert.True(certificate.MatchesHostname("localhost") && certificate.MatchesHostname("127.0.0.1") && certificate.MatchesHostname("::1"));
            Assert.Equal(2, Directory.GetFiles(directory).Length);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task The_program_says_how_to_trust_its_development_certificate()
    {
        var home = Directory.CreateTempSubdirectory("tidings-tls-").FullName;
        try
        {
            await using var program = ServerProcess.Start("serve --https --urls http://127.0.0.1:0", ("XDG_DATA_HOME", home));
            var url = await program.ListeningAsync();
            Assert.Equal("https", url.Scheme);
            var file = Path.Combine(home, "tidings", "development-certificate.pem");
            Assert.Contains($"curl --cacert '{file}'", program.Output, StringComparison.Ordinal);
            using var curl = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("curl", ["--silent", "--show-error", "--max-time", "10", "--cacert", file, $"{url}readyz"]) { RedirectStandardOutput = true })!;
            Assert.Equal("Healthy", await curl.StandardOutput.ReadToEndAsync());
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    private static string Fault(params (string Key, string? Value)[] settings)
    {
        var all = settings.Append(("urls", "https://127.0.0.1:0")).ToDictionary(setting => setting.Item1, setting => setting.Item2);
        return Assert.Single(Assert.Throws<OptionsValidationException>(() => TidingsServer.Build(all)).Failures);
    }

    private static async Task EchoesAsync(ClientWebSocket socket, string said, string heard, CancellationToken limit)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(said), WebSocketMessageType.Text, endOfMessage: true, limit);
        await ExpectAsync(socket, heard, limit);
    }

    private static async Task ExpectAsync(ClientWebSocket socket, string text, CancellationToken limit)
    {
        var buffer = new byte[1000];
        var received = await socket.ReceiveAsync(buffer, limit);
        Assert.Equal(text, Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    private Task<TestServer> StartAsync(string pump, ManualTime? time = null) => TestServer.StartAsync(pump, time, settings:
    [
        ("urls", "https://127.0.0.1:0"),
        ("Tidings:Certificates:CertificateFile", _authority.CertificateFile),
        ("Tidings:Certificates:KeyFile", _authority.KeyFile),
    ]);
}
