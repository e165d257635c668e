using TestKit;
using Tidings.EndToEnd.Tests.Infrastructure;

namespace Tidings.EndToEnd.Tests.BadInput;

/// <summary>Paths and hosts that mean one thing to who checks and another to who serves, as CVE-2026-48710.</summary>
public abstract class B34_PathsAndHosts(string pump) : ServerTests(pump)
{
    private const string Key = "0123456789abcdef-key";

    [Theory]
    [InlineData("/pages/..%2f..%2fappsettings.json")]
    [InlineData("/pages/..%5c..%5cappsettings.json")]
    [InlineData("/pages/%2e%2e%2fappsettings.json")]
    [InlineData("/pages/%252e%252e%252fappsettings.json")]
    [InlineData("/pages/index.html%00.js")]
    [InlineData("/pages/%5c%5chost%5cshare")]
    [InlineData("/pages//etc/passwd")]
    [InlineData("//pages/index.html")]
    [InlineData("/pages/../../etc/passwd")]
    [InlineData("/ws/../ws/echo/x")]
    public async Task No_path_leads_out_of_the_pages(string path)
    {
        await using var server = await StartAsync();
        await using var control = await ControlPair.StartAsync(server.Port);
        var response = await server.RequestAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.Contains(response.Status, new[] { 400, 404, 426 });
        await control.ExpectUnharmedAsync();
        server.ExpectNothingLogged();
    }

    [Theory]
    [InlineData("/ws/..%2fx")]
    [InlineData("/ws/%5c")]
    [InlineData("/ws/%00")]
    [InlineData("/ws/a%252fb")]
    [InlineData("/ws/%2e%2e%2f")]
    [InlineData("/ws/a%0d%0ab")]
    [InlineData("/ws/clients/..%2fx")]
    public async Task No_room_or_client_has_such_a_name(string path)
    {
        await using var server = await StartAsync();
        Assert.Contains((await server.HandshakeAsync(path)).Status, new[] { 400, 404 });
        Assert.Equal(0, server.Registry.Count);
    }

    [Theory]
    [InlineData("/api/info")]
    [InlineData("/API/Info")]
    [InlineData("/api//info")]
    [InlineData("//api/info")]
    [InlineData("/api/info/")]
    [InlineData("/api/./info")]
    [InlineData("/ws/../api/info")]
    [InlineData("/ws/..%2fapi/info")]
    [InlineData("/healthz/..%2f..%2fapi/info")]
    [InlineData("/%61pi/info")]
    [InlineData("/api%2finfo")]
    [InlineData("/api/info%00")]
    [InlineData("/api/info;x")]
    [InlineData("http://localhost/api/info")]
    public async Task No_spelling_of_a_path_gets_round_the_key(string path)
    {
        await using var server = await StartAsync(("Tidings:ApiKey", Key));
        var response = await server.RequestAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.Contains(response.Status, new[] { 400, 401, 404 });
        Assert.DoesNotContain("connections", response.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a/b?c#")]
    [InlineData("localhost/healthz?")]
    [InlineData("localhost#")]
    [InlineData("localhost@evil.example")]
    [InlineData("evil.example\\@localhost")]
    [InlineData("localhost:80:80")]
    [InlineData("local host")]
    [InlineData("[::1")]
    [InlineData("")]
    [InlineData("localhost\r\nHost: evil.example")]
    public async Task No_host_changes_the_path_or_becomes_local(string host)
    {
        await using var server = await StartAsync();
        var response = await server.RequestAsync($"GET /api/info HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.Contains(response.Status, new[] { 400, 401 });
        response = await server.RequestAsync($"GET /nothing HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        Assert.Contains(response.Status, new[] { 400, 404 });
    }
}
