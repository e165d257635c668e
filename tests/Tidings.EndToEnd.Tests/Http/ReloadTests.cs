using System.Net;
using System.Net.Http.Headers;
using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;
using Tidings.EndToEnd.Tests.Security;

namespace Tidings.EndToEnd.Tests.Http;

/// <summary>The program reads its configuration anew: what can change does, without a restart, and who is connected stays.</summary>
public sealed class ReloadTests : IAsyncDisposable
{
    private const string OldKey = "the first key of all";
    private const string NewKey = "another key than that";

    private readonly string _directory = Directory.CreateTempSubdirectory("tidings-reload-").FullName;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Eventually.Limit };
    private ServerProcess? _program;
    private Uri? _url;
    private int _reads;

    private string Output => _program!.Output;

    [Fact]
    public async Task Keys_of_the_server_API()
    {
        await StartAsync($$"""{"ApiKey":"{{OldKey}}"}""");
        Assert.Equal(HttpStatusCode.OK, await PublishAsync(OldKey));
        await ReloadAsync($$"""{"ApiKey":"{{NewKey}}","AdminKey":"the key of the admin"}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await PublishAsync(OldKey));
        Assert.Equal(HttpStatusCode.OK, await PublishAsync(NewKey));
        Assert.Equal(HttpStatusCode.OK, await PublishAsync("the key of the admin"));
        Assert.Contains("reloaded: Tidings:ApiKey, Tidings:AdminKey", Output, StringComparison.Ordinal);
        Assert.DoesNotContain(NewKey, Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_of_tokens()
    {
        const string Old = "0123456789abcdef0123456789abcde0";
        const string New = "fedcba9876543211fedcba9876543211";
        await StartAsync($$"""{"Jwt":{"Secret":"{{Old}}"} }""");
        await using var inside = await ConnectAsync($"/connect?token={Token(Old)}");
        await ReloadAsync($$"""{"Jwt":{"Secret":"{{New}}"} }""");
        await using var refused = await RawWebSocket.ConnectAsync(_url!.Port, $"/connect?token={Token(Old)}");
        await refused.ExpectCloseAsync(4001, "Invalid token");
        await using var admitted = await ConnectAsync($"/connect?token={Token(New)}");
        await inside.SendTextAsync("""{"type":"ping","id":1}""");
        await inside.ExpectTextAsync("""{"type":"pong","id":1}""");
    }

    [Fact]
    public async Task Limits_of_new_connections()
    {
        await StartAsync("""{"Limits":{"MessageBytes":"10B","Connections":2}}""");
        await using var old = await ConnectAsync("/connect");
        await ReloadAsync("""{"Limits":{"MessageBytes":"200B","Connections":3}}""");
        await using var young = await ConnectAsync("/connect");
        await using var last = await ConnectAsync("/connect");
        const string Ping = """{"type":"ping","id":1}""";
        await young.SendTextAsync(Ping);
        await young.ExpectTextAsync("""{"type":"pong","id":1}""");
        await old.SendTextAsync(Ping);
        Assert.Contains("too_large", await old.ReceiveTextAsync(), StringComparison.Ordinal);
        Assert.Equal(503, (await HandshakeAsync()).Status);
    }

    [Fact]
    public async Task Kinds_of_channels()
    {
        await StartAsync("""{"Channels":[{"Pattern":"news:*"}]}""");
        await using var socket = await ConnectAsync("/connect");
        const string Publish = """{"type":"publish","id":1,"channel":"news:a","data":1}""";
        await socket.SendTextAsync(Publish);
        Assert.Contains("not_allowed", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        await ReloadAsync("""{"Channels":[{"Pattern":"news:*","Publish":"anyone"}]}""");
        await socket.SendTextAsync(Publish);
        Assert.Contains("published", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Origins()
    {
        await StartAsync("""{"AllowedOrigins":["https://old.example"]}""");
        Assert.Equal(403, (await HandshakeAsync("https://new.example")).Status);
        await ReloadAsync("""{"AllowedOrigins":["https://new.example"]}""");
        Assert.Equal(101, (await HandshakeAsync("https://new.example")).Status);
        Assert.Equal(403, (await HandshakeAsync("https://old.example")).Status);
    }

    [Fact]
    public async Task The_files_of_a_certificate()
    {
        using var first = new TestAuthority();
        using var second = new TestAuthority();
        var (old, young) = (first.Issue(), second.Issue());
        await StartAsync($$"""{"Certificates":{"CertificateFile":"{{first.CertificateFile}}","KeyFile":"{{first.KeyFile}}"} }""", "https://127.0.0.1:0");
        Assert.Equal(old, await first.PresentedAsync(_url!.Port));
        await ReloadAsync($$"""{"Certificates":{"CertificateFile":"{{second.CertificateFile}}","KeyFile":"{{second.KeyFile}}"} }""");
        Assert.Equal(young, await second.PresentedAsync(_url.Port));
    }

    [Fact]
    public async Task What_is_wrong_changes_nothing_and_is_told_as_at_the_start()
    {
        await StartAsync($$"""{"ApiKey":"{{OldKey}}"}""");
        await ReloadAsync($$"""{"ApiKey":"{{NewKey}}","Limits":{"Conections":5},"Channels":[{"Pattern":""}]}""", "stays in force");
        Assert.Contains("Tidings:Limits:Conections is no option. Did you mean Connections?", Output, StringComparison.Ordinal);
        Assert.Contains("Tidings:Channels:0:Pattern", Output, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await PublishAsync(OldKey));
        await ReloadAsync("{ this is no JSON", "stays in force");
        Assert.Equal(HttpStatusCode.OK, await PublishAsync(OldKey));
        await ReloadAsync($$"""{"ApiKey":"{{OldKey}}","Jwt":{"Secret":"0123456789abcdef0123456789abcde0"} }""", "must be restarted to take tokens");
        Assert.Equal(HttpStatusCode.OK, await PublishAsync(OldKey));
    }

    [Fact]
    public async Task What_needs_a_restart_is_named()
    {
        await StartAsync("""{"Heartbeat":{"Interval":"20s"}}""");
        await ReloadAsync("""{"Heartbeat":{"Interval":"25s"},"Language":"zh","Limits":{"Connections":9}}""", "need a restart: ");
        Assert.Contains("need a restart: Tidings:Heartbeat:Interval, Tidings:Language", Output, StringComparison.Ordinal);
        Assert.Contains("reloaded: Tidings:Limits:Connections", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_changes_is_noticed_without_a_signal()
    {
        await StartAsync($$"""{"ApiKey":"{{OldKey}}"}""");
        await WriteAsync($$"""{"ApiKey":"{{NewKey}}"}""");
        await Eventually.TrueAsync(async () => await PublishAsync(NewKey) == HttpStatusCode.OK, () => "the new key is in force; it said: " + Output);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_program is not null)
        {
            await _program.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private async Task StartAsync(string options, string urls = "http://127.0.0.1:0")
    {
        await WriteAsync(options);
        _program = ServerProcess.StartIn(_directory, $"serve --urls {urls}");
        _url = await _program.ListeningAsync();
    }

    private Task WriteAsync(string options) => File.WriteAllTextAsync(Path.Combine(_directory, "appsettings.json"), $$"""{"Tidings":{{options}}}""");

    // Waits until the server has said once more what it says then.
    private async Task ReloadAsync(string options, string said = "was reloaded")
    {
        await WriteAsync(options);
        _reads = Count(said);
        await _program!.SignalAsync("HUP");
        await Eventually.TrueAsync(() => Count(said) > _reads, $"it says \"{said}\"; it said: " + Output);
    }

    private int Count(string said) => Output.Split(said).Length - 1;

    private async Task<HttpStatusCode> PublishAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_url!, "/api/publish"))
        {
            Content = new StringContent("""{"channel":"chat:a","data":1}""", new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await _http.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task<RawWebSocket> ConnectAsync(string path)
    {
        var socket = await RawWebSocket.ConnectAsync(_url!.Port, path);
        Assert.Contains("\"connected\"", await socket.ReceiveTextAsync(), StringComparison.Ordinal);
        return socket;
    }

    private async Task<RawResponse> HandshakeAsync(string? origin = null)
    {
        await using var tcp = await RawTcp.ConnectAsync(_url!.Port);
        await tcp.SendAsync(RawHandshake.Request("/ws/lobby", _url.Port, RawHandshake.NewKey(), [("Origin", origin)]));
        return await tcp.ReadResponseAsync();
    }

    private static string Token(string secret) => new TokenMaker(TimeProvider.System, secret).Make("ada");
}
